import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { document, section, tableRows } from './documents.ts'

const configuration = document('docs/configuration.md')
const GLOBAL = 'Options of every subcommand'
const FLAG = /^ {2}(?:(-\w), | {4})(--[\w-]+)(?: \w+)?(?: {2,}(.*))?$/
const CONTINUED = /^ {9,}(\S.*)$/

interface FlagRow {
  readonly flag: string
  readonly variable: string
  readonly shownDefault: string
}

async function help(...command: readonly string[]): Promise<string> {
  const { code, stdout } = await runCommand([...command, '--help'])
  if (code !== 0) throw new Error(`${command.join(' ')} --help ended with ${code ?? 'a signal'}`)
  return stdout
}

/** Returns the names in the list of commands of a help text, or none. */
function commandsOf(text: string): string[] {
  const list = /^Available Commands:\n((?: {2}\w.*\n)*)/m.exec(text)?.[1] ?? ''
  return [...list.matchAll(/^ {2}(\w\S*)/gm)].map(([, name = '']) => name)
}

/** Returns the subcommands and their help texts, with those of groups as `add role`. */
async function subcommands(): Promise<[name: string, text: string][]> {
  const found: [string, string][] = []
  for (const name of commandsOf(await help())) {
    const text = await help(name)
    const members = commandsOf(text)
    if (!text.includes('\nAvailable Commands:\n')) found.push([name, text])
    for (const member of members) found.push([`${name} ${member}`, await help(name, member)])
  }
  return found
}

function flagsOf(text: string): FlagRow[] {
  const flags: { flag: string; description: string }[] = []
  for (const line of text.split('\n')) {
    const [, short, long, begun = ''] = FLAG.exec(line) ?? []
    const last = flags.at(-1)
    const rest = CONTINUED.exec(line)?.[1]
    if (long !== undefined) flags.push({ flag: short === undefined ? long : `${short}, ${long}`, description: begun })
    else if (rest !== undefined && last !== undefined) last.description += ` ${rest}`
  }
  return flags.map(({ flag, description }) => ({
    flag,
    variable: / \[\$(\w+)\]/.exec(description)?.[1] ?? '',
    shownDefault: / \(default (.*)\)$/.exec(description)?.[1] ?? '',
  }))
}

function documented(heading: string): FlagRow[] {
  return tableRows(section(configuration, heading))
    .filter(([flag = '']) => flag.startsWith('-'))
    .map(([flag = '', variable = '', , written = '']) => {
      // The help omits the default of booleans, which is false.
      return { flag, variable, shownDefault: written === 'false' ? '' : written }
    })
}

function byFlag(rows: readonly FlagRow[]): FlagRow[] {
  return rows.toSorted((a, b) => a.flag.localeCompare(b.flag))
}

/** Returns the heading for a command. A group can have one section for all its commands. */
function headingOf(name: string): string {
  return configuration.headings.includes(name) ? name : (name.split(' ')[0] ?? '')
}

t.test('configuration.md has every flag of the built command, with its variable and default', async (t) => {
  t.same(byFlag(documented(GLOBAL)), byFlag(flagsOf(await help())), 'options of every subcommand')
  const commands = await subcommands()
  t.ok(commands.length >= 5, 'the help lists subcommands')
  for (const [name, text] of commands) {
    const [own = ''] = text.split('\nGlobal Flags:\n')
    const heading = headingOf(name)
    if (!configuration.headings.includes(heading)) t.fail(`there is no section for ${name}`)
    else t.same(byFlag(documented(heading)), byFlag(flagsOf(own)), name)
  }
})

/** Returns the keys of a map from the command's error for a value of another type. */
async function knownKeys(t: Parameters<typeof temporaryFolder>[0], text: string): Promise<string[]> {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'config.yaml'), text)
  const { stderr } = await runCommand(['init', '--config=config.yaml'], {
    cwd: folder,
    environment: minimalEnvironment(folder),
  })
  const list = /must be a map of (.*), not /.exec(stderr)?.[1]
  if (list === undefined) throw new Error(`no list of keys in: ${stderr}`)
  return list.split(', ')
}

t.test('configuration.md has exactly the keys of the configuration file', async (t) => {
  const top = (await knownKeys(t, '[]\n')).filter((key) => key !== 'server')
  const server = await knownKeys(t, 'server: text\n')
  const known = new Set([...top, ...server.map((key) => `server.${key}`)])
  const written = [GLOBAL, 'init', 'server', 'token', 'verify']
    .flatMap((heading) => tableRows(section(configuration, heading)))
    .flatMap(([, , keys = '']) => keys.split(', '))
    .filter((key) => key !== '')
  for (const key of written) t.ok(known.has(key), `${key} is a key`)
  const missing = [...known].filter((key) => !written.includes(key))
  t.same(missing, [], 'keys that are not documented')
})
