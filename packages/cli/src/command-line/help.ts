import { isGroup, type CommandGroup, type CommandNode } from './command.ts'
import type { Option } from './option.ts'

const WIDTH = 100
/** Columns. If the left cell is wider, the right one starts on the next line. */
const LEFT_WIDTH = 36

type Row = readonly [left: string, right: string]

/** Wraps a text to a width. Words are never split; a `(default …)` is split only if it is wider than a line. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  const words = text.match(/\(default [^)]{0,200}\)|\S+/g) ?? []
  for (const word of words.flatMap((whole) => (whole.length > width ? whole.split(' ') : [whole]))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Formats two columns. The second one is aligned and wrapped. */
function columns(rows: readonly Row[]): string {
  const width = Math.min(LEFT_WIDTH, Math.max(0, ...rows.map(([left]) => left.length))) + 3
  const row = ([left, right]: Row): string => {
    const lines = wrap(right, WIDTH - width).map((line) => `${' '.repeat(width)}${line}\n`)
    return left.length > width - 2 ? `${left}\n${lines.join('')}` : left + lines.join('').slice(left.length)
  }
  return rows.map(row).join('')
}

/** The values of an option; empty if there is no choice, or if the choices are only beginnings of values. */
function valuesOf({ choices = [], placeholder, isList }: Option<unknown>): string {
  const values = choices.filter((value) => value !== '')
  if (placeholder === null || values.length < 2 || values.some((value) => value.includes('='))) return ''
  return `; ${isList === true ? 'a comma-separated list of' : 'one of'} ${values.join(', ')}`
}

function optionRow(option: Option<unknown>): Row {
  const { short, flag, placeholder, description, shownDefault, environment } = option
  const left = `  ${short === undefined ? '    ' : `-${short}, `}--${flag ?? ''}${placeholder === null ? '' : ` ${placeholder}`}`
  const from = environment === undefined ? '' : ` [$${environment}]`
  return [left, `${description}${valuesOf(option)}${from}${shownDefault === null ? '' : ` (default ${shownDefault})`}`]
}

function optionTable(title: string, options: readonly Option<unknown>[]): string {
  const rows = options.filter(({ flag }) => flag !== null).map(optionRow)
  return rows.length === 0 ? '' : `\n${title}:\n${columns(rows)}`
}

/** Returns the names of a path, as typed. */
export function typedPath(path: readonly CommandNode[]): string {
  return path.map(({ name }) => name).join(' ')
}

function groupUsage(path: readonly CommandNode[], { options, commands }: CommandGroup): string {
  const typed = typedPath(path)
  return [
    `Usage:\n  ${typed} [command]\n`,
    `\nAvailable Commands:\n${columns(commands.map(({ name, summary }): Row => [`  ${name}`, summary]))}`,
    optionTable('Flags', options),
    optionTable(
      'Global Flags',
      path.slice(0, -1).flatMap((parent) => parent.options),
    ),
    `\nUse "${typed} [command] --help" for more information about a command.\n`,
  ].join('')
}

/** Returns the usage of the last command of a path. It is printed after a usage error. */
export function usageOf(path: readonly [CommandGroup, ...CommandNode[]]): string {
  const last = path.at(-1) ?? path[0]
  if (isGroup(last)) return groupUsage(path, last)
  const { positionals, options, examples } = last
  const [whole, ...groups] = path.slice(0, -1)
  return [
    `Usage:\n  ${typedPath(path)}${positionals === undefined ? '' : ` ${positionals}`} [flags]\n`,
    examples.length === 0 ? '' : `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`,
    optionTable('Flags', [...options, ...groups.flatMap((group) => group.options)]),
    optionTable('Global Flags', whole?.options ?? []),
  ].join('')
}

export function helpOf(path: readonly [CommandGroup, ...CommandNode[]]): string {
  const lines = (path.at(-1) ?? path[0]).description.split('\n')
  // Indented lines are meant to be copied, so they stay whole.
  const description = lines.flatMap((line) => (line.startsWith(' ') ? [line] : wrap(line, WIDTH))).join('\n')
  return `${description}\n\n${usageOf(path)}`
}
