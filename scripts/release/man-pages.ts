import { isGroup, type CommandGroup, type CommandNode } from '../../packages/cli/src/command-line/command.ts'
import type { Option } from '../../packages/cli/src/command-line/option.ts'

/** A manual page of section 1. */
export interface ManPage {
  /** The file name, such as `aws-iam-authenticator-token.1`. */
  readonly name: string
  /** The page in roff, with the macros of man(7). */
  readonly text: string
}

interface Edition {
  readonly version: string
  readonly date: Date
}

type Path = readonly [CommandGroup, ...CommandNode[]]

/** Escapes a text for roff. The text can't start a request. */
function escape(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(
      /[^\n -~]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped
}

function pageName(path: Path): string {
  return path.map(({ name }) => name).join('-')
}

function bold(text: string): string {
  return `\\fB${escape(text)}\\fR`
}

/** Lines that are not filled, such as command lines. */
function verbatim(lines: readonly string[]): string {
  return `.RS 4\n.nf\n${lines.map((line) => `${escape(line.trim())}\n`).join('')}.fi\n.RE\n`
}

/** Renders a description. Its indented lines are meant to be copied. */
function paragraphs(description: string): string {
  const parts = description.split('\n').filter((line) => line.trim() !== '')
  return parts.map((line) => (line.startsWith(' ') ? verbatim([line]) : `.PP\n${escape(line)}\n`)).join('')
}

function optionEntry({ short, flag, placeholder, description, shownDefault, environment }: Option<unknown>): string {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${flag ?? ''}`].map(bold).join(', ')
  const value = placeholder === null ? '' : ` \\fI${escape(placeholder)}\\fR`
  const from = environment === undefined ? '' : ` Environment variable: ${bold(environment)}.`
  const normally = shownDefault === null ? '' : ` Default: ${bold(shownDefault)}.`
  return `.TP\n${names}${value}\n${escape(description)}${description.endsWith('.') ? '' : '.'}${from}${normally}\n`
}

function optionSection(title: string, options: readonly Option<unknown>[]): string {
  const entries = options.filter(({ flag }) => flag !== null).map(optionEntry)
  return entries.length === 0 ? '' : `.SH ${title}\n${entries.join('')}`
}

function reference(path: Path): string {
  return `${bold(pageName(path))}(1)`
}

function renderPage(path: Path, { version, date }: Edition): ManPage {
  const [whole, ...rest] = path
  const last = path.at(-1) ?? whole
  const name = pageName(path)
  const typed = path.map((node) => node.name).join(' ')
  const usage = isGroup(last) ? '\\fIcommand\\fR' : `${escape(last.positionals ?? '')} [\\fIflags\\fR]`
  const children = isGroup(last) ? last.commands : []
  const parents = rest.length === 0 ? [] : [reference([whole, ...rest.slice(0, -1)])]
  const groupOptions = rest.slice(0, -1).flatMap(({ options }) => options)
  const commands = children.map((child) => `.TP\n${reference([...path, child])}\n${escape(child.summary)}\n`)
  const examples = isGroup(last) ? [] : last.examples
  const text = [
    `.TH "${escape(name.toUpperCase())}" 1 "${date.toISOString().slice(0, 10)}" "aws\\-iam\\-authenticator ${escape(version)}"\n.nh\n.ad l\n`,
    `.SH NAME\n${escape(name)} \\- ${escape(last.summary === '' ? last.description : last.summary)}\n`,
    `.SH SYNOPSIS\n${bold(typed)} ${usage.trim()}\n`,
    `.SH DESCRIPTION\n${paragraphs(last.description)}`,
    commands.length === 0 ? '' : `.SH COMMANDS\n${commands.join('')}`,
    optionSection('OPTIONS', [...(last === whole ? [] : last.options), ...groupOptions]),
    optionSection('GLOBAL OPTIONS', whole.options),
    examples.length === 0 ? '' : `.SH EXAMPLES\n${verbatim(examples)}`,
    parents.length === 0 ? '' : `.SH SEE ALSO\n${parents.join(', ')}\n`,
  ].join('')
  return { name: `${name}.1`, text }
}

/** Renders a page for a command and, if it is a group, for each command in it. */
export function manPages(path: Path, edition: Edition): readonly ManPage[] {
  const last = path.at(-1) ?? path[0]
  const below = isGroup(last) ? last.commands.flatMap((child) => manPages([...path, child], edition)) : []
  return [renderPage(path, edition), ...below]
}
