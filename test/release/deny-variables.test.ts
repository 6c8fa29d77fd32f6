import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { ROOT } from '../../scripts/build/bundle.ts'
import { INSTALLED_RUNTIME } from '../../scripts/build/compile.ts'
import { denyVariables, obeyedVariables } from '../../scripts/build/deny-variables.ts'
import {
  ALLOWED_ENGINE_OPTIONS,
  ALLOWED_VARIABLES,
  DENIED_VARIABLES,
  NOT_VARIABLES,
  REQUIRED_ENGINE_OPTIONS,
  REQUIRED_VARIABLES,
} from '../../scripts/build/runtime-variables.ts'

const OPTIONS = [...REQUIRED_ENGINE_OPTIONS, ...ALLOWED_ENGINE_OPTIONS.keys()].map((name) => `JSC_${name}\0${name}\0`)

/** A program with everything that a runtime must have, and this text. */
function runtime(text = '', lacks = ''): Buffer {
  const needed = [...REQUIRED_VARIABLES.map((name) => `${name}\0`), ...OPTIONS].filter((part) => part !== lacks)
  return Buffer.from(`\0${needed.join('')}\0${text}\0`, 'latin1')
}

/** The text in the patched runtime. */
function denied(text: string): string {
  return denyVariables(runtime(text))
    .toString('latin1')
    .slice(runtime().length - 1, -1)
}

t.test('a variable without a decision stops the build, with the file to edit', (t) => {
  for (const text of [
    'BUN_NEW_THING',
    'BUN_NEW_THINGfollowed by text',
    'BUN_OPTIONSBUN_NEW_THING',
    // A denied name followed by an underscore is another name.
    'BUN_INSPECT_NEW_THING',
    'BUN_INSPECT_NEW_THINGNODE_ENV',
    // Only the complete name is kept.
    'BUN_JSC_NEW_THING',
    'BUN_FFI_IMPORT_NEW_THING',
    String(Buffer.from('BUN_NEW_THING', 'utf16le')),
  ]) {
    t.throws(
      () => denyVariables(runtime(text)),
      { message: /NEW_THING\S*: .* scripts\/build\/runtime-variables\.ts$/ },
      text,
    )
  }
  t.end()
})

t.test('a runtime that lacks a common variable stops the build', (t) => {
  for (const name of REQUIRED_VARIABLES) {
    t.throws(() => denyVariables(runtime('', `${name}\0`)), { message: new RegExp(`${name}\\b`) })
  }
  for (const option of OPTIONS) {
    const [name = ''] = option.slice('JSC_'.length).split('\0')
    t.throws(() => denyVariables(runtime('', option)), { message: new RegExp(`${name}\\b`) })
  }
  t.end()
})

t.test('no variable can have a denied name', (t) => {
  t.equal(denied('BUN_OPTIONS'), '\0UN_OPTIONS')
  t.equal(denied('set $BUN_TMPDIR or $BUN_INSTALL'), 'set $\0UN_TMPDIR or $\0UN_INSTALL')
  // Consecutive names, and names before other text.
  t.equal(denied('BUN_INSPECTBUN_INSPECT_PRELOADNODE_PATH'), '\0UN_INSPECT\0UN_INSPECT_PRELOADNODE_PATH')
  t.equal(denied('BUN_SHOW_BUN_STACKFRAMESx'), '\0UN_SHOW_BUN_STACKFRAMESx')
  // Text that is not a variable stays, and so does text without one.
  t.equal(denied('process.env.BUN_ENVprocess.browser\0BUN_ENV'), 'process.env.BUN_ENVprocess.browser\0\0UN_ENV')
  t.equal(denied('#define BUN_FFI_IMPORT extern'), '#define BUN_FFI_IMPORT extern')
  t.equal(denied('JSC_SIGNAL_FOR_GC and more'), 'JSC_SIGNAL_FOR_GC and more')
  t.equal(denied('a\0JSC_SIGNAL_FOR_GC'), 'a\0\0SC_SIGNAL_FOR_GC')
  t.end()
})

t.test('names in UTF-16 are denied too', (t) => {
  const program = Buffer.concat([runtime(), Buffer.from('a BUN_WATCHER_CHILD\0', 'utf16le')])
  const written = denyVariables(program).subarray(runtime().length).toString('utf16le')
  t.equal(written, 'a \0UN_WATCHER_CHILD\0')
  t.ok(obeyedVariables(program).includes('BUN_WATCHER_CHILD'))
  t.end()
})

t.test('JavaScript source stays valid and reads nothing', (t) => {
  const source =
    'const a = process.env.BUN_PORT || env.BUN_INSPECT_NOTIFY, b = { ...env, BUN_TEST_DRAIN_EVENT_LOOP: "1" };'
  const changed = denied(source)
  t.equal(changed.length, source.length)
  const env = { BUN_PORT: 'evil', BUN_INSPECT_NOTIFY: 'evil' }
  const read: unknown = runInNewContext(`${changed} ({ a, b })`, { process: { env }, env })
  t.match(read, { a: undefined, b: { BUN_TEST_DRAIN_EVENT_LOOP: '1' } })
  t.end()
})

t.test('engine options are denied by name, except those of the image', (t) => {
  const program = runtime('useJIT\0JSC_useJIT\0a useJIT')
  const text = denyVariables(program).toString('latin1')
  t.ok(text.endsWith('\0=seJIT\0\0SC_=seJIT\0a useJIT\0'))
  for (const name of REQUIRED_ENGINE_OPTIONS) t.notOk(text.includes(name), name)
  const image = readFileSync(join(ROOT, 'deploy/image/Containerfile'), 'utf8')
  const set = [...image.matchAll(/BUN_JSC_(\w+)=/g)].map(([, name = '']) => name)
  t.same(set.sort(), [...ALLOWED_ENGINE_OPTIONS.keys()].sort(), 'nothing is allowed that the image does not set')
  for (const name of set) t.ok(text.includes(`\0${name}\0`), name)
  t.end()
})

t.test('each name has one decision, with a reason if it is kept', (t) => {
  const all = [...DENIED_VARIABLES, ...ALLOWED_VARIABLES.keys(), ...NOT_VARIABLES.keys()]
  t.equal(new Set(all).size, all.length)
  for (const reason of [...ALLOWED_VARIABLES.values(), ...ALLOWED_ENGINE_OPTIONS.values(), ...NOT_VARIABLES.values()]) {
    t.ok(reason.length > 10)
  }
  t.end()
})

t.test('the runtime of this machine ignores everything that is denied', (t) => {
  const program = readFileSync(INSTALLED_RUNTIME)
  t.ok(obeyedVariables(program).includes('BUN_INSPECT'))
  const changed = denyVariables(program)
  t.same(obeyedVariables(changed), [])
  t.equal(changed.length, program.length)
  t.end()
})
