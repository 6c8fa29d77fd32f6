import { CLOSED_GATES } from '@aws-iam-authenticator/core/configuration/feature-gates'
import { BACKENDS } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Setting } from '@aws-iam-authenticator/core/configuration/configuration-file'
import t from 'tap'
import { fileSettings, settings, type SettingRow } from '../../../../test/conformance/configuration.ts'
import { isGroup, type Command, type CommandGroup, type CommandNode } from '../../src/command-line/command.ts'
import { root } from '../../src/commands/root.ts'
import { findCommand, optionsOf } from '../../src/command-line/find-command.ts'
import type { Option } from '../../src/command-line/option.ts'
import { parseYamlConfiguration } from '../../src/command-line/yaml-configuration.ts'
import { settingOf, type SettingSources } from '../../src/command-line/settings.ts'

const NOTHING: SettingSources = {
  flags: new Map<string, readonly string[]>(),
  environment: {},
  file: { settings: new Map() },
}

function commandsBelow(group: CommandGroup, before: readonly string[] = []): (readonly [string, Command])[] {
  return group.commands.flatMap((node: CommandNode) => {
    const path = [...before, node.name]
    return isGroup(node) ? commandsBelow(node, path) : [[path.join(' '), node] as const]
  })
}

/** The option that a row is about. */
function optionOf({ command, flag }: Pick<SettingRow, 'command' | 'flag'>): Option<unknown> {
  const { path } = findCommand(root, command === '' ? [] : command.split(' '))
  const option = optionsOf(path).find((candidate) => candidate.flag === flag)
  if (option === undefined) throw new Error(`${command} has no --${flag}`)
  return option
}

function named(row: SettingRow): string {
  return `${row.command} --${row.flag}`
}

/** A configuration file with that key, in this case of letters. */
function fileWith(key: string, text: string): { readonly settings: ReadonlyMap<string, Setting> } {
  const [first = '', second] = key.split('.')
  const content = second === undefined ? { [first]: text } : { [first]: { [second]: text } }
  const file = parseYamlConfiguration(JSON.stringify(content), 'config.json', () => CLOSED_GATES)
  t.strictSame(file.problems, [], `${key} is known`)
  return file
}

t.test('every flag is in the table, and the table has no other flags', (t) => {
  const inTable = settings.map(named)
  const all = commandsBelow(root).flatMap(([command]) => {
    const { path } = findCommand(root, command.split(' '))
    const own = optionsOf(path).filter((option) => !root.options.includes(option))
    return own.filter(({ flag }) => flag !== null).map(({ flag }) => `${command} --${flag}`)
  })
  t.strictSame([...inTable].sort(), [...root.options.map(({ flag }) => ` --${flag}`), ...all].sort())
  t.equal(new Set(inTable).size, inTable.length)
  for (const row of settings) {
    const { short, environment, keys } = optionOf(row)
    t.strictSame(
      { short, environment, keys },
      { short: row.short, environment: row.environment, keys: row.keys },
      named(row),
    )
  }
  t.end()
})

t.test('a flag wins over the environment, which wins over the file, which wins over the default', (t) => {
  for (const row of settings) {
    const option = optionOf(row)
    const [[flagText, ofFlag], [environmentText, ofEnvironment], [fileText, ofFile]] = row.good
    const of = (sources: Partial<SettingSources>): unknown => settingOf(option, { ...NOTHING, ...sources })
    const flags = new Map([[row.flag ?? '', [flagText]]])
    const environment = row.environment === undefined ? {} : { [row.environment]: environmentText }
    t.strictSame(of({}), row.fallback, `${named(row)}: default`)
    t.strictSame(of({ flags }), ofFlag, `${named(row)}: flag`)
    for (const key of row.keys ?? []) {
      for (const written of [key, key.toUpperCase(), key.toLowerCase()]) {
        const file = fileWith(written, fileText)
        t.strictSame(of({ file }), ofFile, `${named(row)}: ${written}`)
        t.strictSame(of({ file, flags }), ofFlag, `${named(row)}: flag before ${written}`)
        if (row.environment === undefined) continue
        t.strictSame(of({ file, environment }), ofEnvironment, `${named(row)}: ${row.environment} before ${written}`)
        t.strictSame(of({ file, environment, flags }), ofFlag, `${named(row)}: flag before both`)
        t.strictSame(of({ file, environment: { [row.environment]: '' } }), ofFile, `${named(row)}: empty is unset`)
      }
    }
  }
  t.strictSame(
    settingOf(optionOf({ command: 'token', flag: 'role' }), {
      ...NOTHING,
      file: {
        settings: new Map([...fileWith('defaultRole', 'second').settings, ...fileWith('role', 'first').settings]),
      },
    }),
    'first',
    'role before defaultRole',
  )
  t.end()
})

t.test('an invalid value is rejected and its source named', (t) => {
  for (const row of settings) {
    const { bad } = row
    if (bad === undefined) continue
    const option = optionOf(row)
    const flags = new Map([[row.flag ?? '', [bad]]])
    t.throws(() => settingOf(option, { ...NOTHING, flags }), { message: `invalid argument for --${row.flag}: ` })
    for (const key of row.keys ?? []) {
      const where = new RegExp(`^config.json:1:\\d+: ${key}: `)
      t.throws(() => settingOf(option, { ...NOTHING, file: fileWith(key, bad) }), { message: where }, named(row))
    }
    if (row.environment === undefined) continue
    const environment = { [row.environment]: bad }
    t.throws(() => settingOf(option, { ...NOTHING, environment }), {
      message: `environment variable ${row.environment}: `,
    })
  }
  t.end()
})

t.test('options that exist only in the file have their defaults, values and errors', (t) => {
  const { path } = findCommand(root, ['server'])
  const known = optionsOf(path).filter(({ flag }) => flag === null)
  t.strictSame(known.map(({ keys }) => keys?.[0] ?? '').sort(), fileSettings.map(({ key }) => key).sort())
  for (const { key, fallback, good, bad } of fileSettings) {
    const option = known.find(({ keys }) => keys?.includes(key))
    if (option === undefined) continue
    t.strictSame(settingOf(option, NOTHING), fallback, key)
    for (const written of [key, key.toUpperCase()]) {
      t.strictSame(settingOf(option, { ...NOTHING, file: fileWith(written, good[0]) }), good[1], written)
    }
    if (bad === undefined) continue
    const file = fileWith(key, bad)
    t.throws(() => settingOf(option, { ...NOTHING, file }), { message: new RegExp(`^config.json:1:\\d+: ${key}: `) })
  }
  t.end()
})

t.test('every key that a backend reads is a key of the configuration file', (t) => {
  for (const { mode, path, keys } of BACKENDS) {
    for (const key of [...keys, ...(path === undefined ? [] : [path.key])]) {
      const { problems } = parseYamlConfiguration(`server: {${key}: null}`, 'config.yaml', () => CLOSED_GATES)
      t.strictSame(problems, [], `${mode}: ${key}`)
    }
  }
  t.end()
})
