import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BACKEND_MODES } from '@aws-iam-authenticator/core/mapping/backend-mode'
import t from 'tap'
import { measure } from '../scripts/structure.ts'

const ROOT = join(import.meta.dirname, '..')
const MAX_TOP_FILES = 5

/** The packages that each package may import. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  core: [],
  files: ['core'],
  network: ['core', 'files'],
  kubernetes: ['core', 'files', 'network'],
  client: ['core', 'files', 'network'],
  init: ['core', 'files'],
  server: ['core', 'files', 'network', 'kubernetes', 'init'],
  cli: ['core', 'files', 'network', 'kubernetes', 'client', 'init', 'server'],
}

const { cycles, topFiles, packageImports } = measure()

t.test('folders do not import each other', (t) => {
  t.strictSame(cycles, [])
  t.end()
})

t.test(`a package has at most ${MAX_TOP_FILES} files directly in src`, (t) => {
  for (const [name, count] of topFiles) t.ok(count <= MAX_TOP_FILES, `${name} has ${count}`)
  t.end()
})

t.test('imports between packages point down', (t) => {
  const allowed = new Set(
    Object.entries(BELOW).flatMap(([name, below]) => below.map((dependency) => `${name} → ${dependency}`)),
  )
  t.ok(packageImports.size > 0)
  t.strictSame(
    [...packageImports].filter((arrow) => !allowed.has(arrow)),
    [],
  )
  t.end()
})

t.test('a test of a package has the name of the source file or folder that it tests', (t) => {
  const tests = globSync('packages/*/test/**/*.test.ts', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'))
  t.ok(tests.length > 100, `${tests.length} tests`)
  const sources = tests.map((path) => path.replace('/test/', '/src/').replace(/\.test\.ts$/, ''))
  t.strictSame(
    sources.filter((source) => !existsSync(join(ROOT, `${source}.ts`)) && !existsSync(join(ROOT, source))),
    [],
  )
  t.end()
})

/** The files that may name a backend: the table, its descriptors, and the default of an option. */
const NAMES_BACKENDS: readonly string[] = [
  'packages/cli/src/command-line/server-options.ts',
  'packages/cli/src/explain/backend-readers.ts',
  'packages/core/src/mapping/backend-mode.ts',
  'packages/server/src/backends/config-map.ts',
  'packages/server/src/backends/crd.ts',
  'packages/server/src/backends/dynamic-file.ts',
  'packages/server/src/backends/mounted-file.ts',
]

t.test('only the table and the descriptors name a backend', (t) => {
  const found = globSync('packages/*/src/**/*.ts', { cwd: ROOT }).filter((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return BACKEND_MODES.some((mode) => text.includes(`'${mode}'`))
  })
  t.strictSame(found.toSorted(), NAMES_BACKENDS)
  t.end()
})
