import { isGroup, type CommandGroup, type CommandNode } from './command.ts'
import type { Option } from './option.ts'
import { joinWords, wrapCommand } from '../terminal/wrap.ts'

/** The width of a help text in columns if it does not go to a terminal. */
const WIDTH = 100
/** Columns. If the left cell is wider, the right one starts on the next line. */
const LEFT_WIDTH = 36
/** Columns before a right cell that starts on the next line. */
const INDENT = 8
/** Columns of a terminal in which every right cell starts on the next line. */
const NARROW = 72

type Row = readonly [left: string, right: string]

/** Wraps a text to a width. A `(default …)` is split only if it is wider than a line. */
function wrap(text: string, width: number): string[] {
  const words = text.match(/\(default [^)]{0,200}\)|\S+/g) ?? []
  return joinWords(
    words.flatMap((whole) => (whole.length > width ? whole.split(' ') : [whole])),
    width,
  )
}

/** Formats two columns. The second one is aligned and wrapped, or on the next line if a word of it is too long for that. */
function columns(rows: readonly Row[], total: number): string {
  const aligned = Math.min(LEFT_WIDTH, Math.max(0, ...rows.map(([left]) => left.length))) + 3
  const row = ([left, right]: Row): string => {
    const isNarrow = total < NARROW || right.split(' ').some((word) => word.length > total - aligned)
    const indent = isNarrow ? INDENT : aligned
    const lines = wrap(right, total - indent).map((line) => `${' '.repeat(indent)}${line}\n`)
    const isBelow = isNarrow || left.length > aligned - 2
    return isBelow ? `${left}\n${lines.join('')}` : left + lines.join('').slice(left.length)
  }
  return rows.map(row).join('')
}

/** The values of an option; empty if there is no choice, or if the choices are only beginnings of values. */
function valuesOf({ choices = [], placeholder, isList }: Option<unknown>): string {
  const values = choices.filter((value) => value !== '')
  if (placeholder === null || values.length < 2 || values.some((value) => value.includes('='))) return ''
  return `; ${isList === true ? 'a comma-separated list of' : 'one of'} ${values.join(', ')}`
}

function exampleLines(example: string, width: number): string {
  return wrapCommand(example, width - 2)
    .map((line) => `  ${line}\n`)
    .join('')
}

function optionRow(option: Option<unknown>): Row {
  const { short, flag, placeholder, description, shownDefault, environment } = option
  const left = `  ${short === undefined ? '    ' : `-${short}, `}--${flag ?? ''}${placeholder === null ? '' : ` ${placeholder}`}`
  const from = environment === undefined ? '' : ` [$${environment}]`
  return [left, `${description}${valuesOf(option)}${from}${shownDefault === null ? '' : ` (default ${shownDefault})`}`]
}

function optionTable(title: string, options: readonly Option<unknown>[], width: number): string {
  const rows = options.filter(({ flag }) => flag !== null).map(optionRow)
  return rows.length === 0 ? '' : `\n${title}:\n${columns(rows, width)}`
}

/** Returns the names of a path, as typed. */
export function typedPath(path: readonly CommandNode[]): string {
  return path.map(({ name }) => name).join(' ')
}

function groupUsage(path: readonly CommandNode[], { options, commands }: CommandGroup, width: number): string {
  const typed = typedPath(path)
  return [
    `Usage:\n  ${typed} [command]\n`,
    `\nAvailable Commands:\n${columns(
      commands.map(({ name, summary }): Row => [`  ${name}`, summary]),
      width,
    )}`,
    optionTable('Flags', options, width),
    optionTable(
      'Global Flags',
      path.slice(0, -1).flatMap((parent) => parent.options),
      width,
    ),
    `\n${wrap(`Use "${typed} [command] --help" for more information about a command.`, width).join('\n')}\n`,
  ].join('')
}

/** Returns the usage of the last command of a path. */
function usageOf(path: readonly [CommandGroup, ...CommandNode[]], width: number): string {
  const last = path.at(-1) ?? path[0]
  if (isGroup(last)) return groupUsage(path, last, width)
  const { positionals, options, examples } = last
  const [whole, ...groups] = path.slice(0, -1)
  return [
    `Usage:\n  ${typedPath(path)}${positionals === undefined ? '' : ` ${positionals}`} [flags]\n`,
    examples.length === 0 ? '' : `\nExamples:\n${examples.map((example) => exampleLines(example, width)).join('')}`,
    optionTable('Flags', [...options, ...groups.flatMap((group) => group.options)], width),
    optionTable('Global Flags', whole?.options ?? [], width),
  ].join('')
}

/**
 * Returns the help of the last command of a path.
 *
 * @param width The width of the terminal in columns; null for none.
 */
export function helpOf(path: readonly [CommandGroup, ...CommandNode[]], width: number | null): string {
  const total = width ?? WIDTH
  const lines = (path.at(-1) ?? path[0]).description.split('\n')
  // Indented lines are meant to be copied.
  const description = lines.map((line) =>
    line.startsWith(' ') ? exampleLines(line.trim(), total) : `${wrap(line, total).join('\n')}\n`,
  )
  return `${description.join('')}\n${usageOf(path, total)}`
}
