import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { minimalEnvironment, type Environment } from './command.ts'
import { openCommand, type Terminal } from './terminal.ts'

const COLUMNS = 80

/** The folder of the pictures. */
export const PICTURES: string = join(import.meta.dirname, '../pictures')

/** The pictures that tests of this process have compared. */
export const compared: Set<string> = new Set()

/** True to write the pictures instead of comparing them. */
const RENEW = (process.env['RENEW_PICTURES'] ?? '') !== ''

/** Values that differ between runs. The width of what replaces them is the same, if it decides how lines are wrapped. */
const VARIABLE: readonly (readonly [value: RegExp, mask: string])[] = [
  [/\/tmp\/picture-\w{6}/g, '/tmp/picture-XXXXXX'],
  [/\b127\.0\.0\.1:\d{5}\b/g, '127.0.0.1:PORT_'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, 'YYYY-MM-DDThh:mm:ss'],
  [/\.\d{3}Z/g, '.000Z'],
  [/\b\d{4}-\d\d-\d\d\b/g, 'YYYY-MM-DD'],
  [/\b\d\d:\d\d:\d\d\b/g, 'hh:mm:ss'],
  [/\b[0-9A-F]{64}\b/g, 'D'.repeat(64)],
  [/^(server +).*$/gm, '$1VERSION, up TIME, pid NUMBER'],
  [/\b(aws-iam-authenticator|version) \d+\.\d+\.\d+\b/g, '$1 VERSION'],
  [/\baws-iam-authenticator-\d{13}\b/g, 'aws-iam-authenticator-NNNNNNNNNNNNN'],
  [/\b\d s(?= ago|:)/g, 'N s'],
  [/\b[\d.]+ ms\b/g, 'N ms'],
]

function masked(text: string): string {
  return VARIABLE.reduce((shown, [value, mask]) => shown.replace(value, mask), text)
}

/** Creates a home folder whose path has the same width on every machine. */
export function pictureHome(t: Test): string {
  const folder = mkdtempSync('/tmp/picture-')
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
  return folder
}

interface Pictured {
  /** The home of the person, who works there. */
  readonly home: string
  readonly environment?: Environment
}

/** Runs the command on a terminal of 80 columns and 24 lines, until it ends. */
export async function runOnTerminal(
  t: Test,
  args: readonly string[],
  { home, environment = {} }: Pictured,
): Promise<Terminal> {
  const own = { ...minimalEnvironment(home), LC_ALL: 'C.UTF-8', ...environment }
  const terminal = await openCommand(t, args, home, own, { columns: COLUMNS, rows: 24, cwd: home })
  await terminal.waitFor(/^exit \d+$/m)
  return terminal
}

/** Asserts that the command shows what the picture of that name has, and that the terminal had to break no line. */
export async function isPicture(t: Test, name: string, args: readonly string[], pictured: Pictured): Promise<void> {
  const { text, written } = await (await runOnTerminal(t, args, pictured)).shown()
  for (const line of written.split('\n')) t.ok(line.length <= COLUMNS, `${name}: ${line}`)
  const picture = masked(`$ aws-iam-authenticator ${args.join(' ')}\n${text.trimEnd()}\n`)
  compared.add(`${name}.txt`)
  const path = join(PICTURES, `${name}.txt`)
  if (RENEW) writeFileSync(path, picture)
  t.equal(picture, readFileSync(path, 'utf8'), `${name}: RENEW_PICTURES=1 writes it again`)
}
