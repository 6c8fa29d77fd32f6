import { isGroup, type CommandGroup, type CommandNode } from './command.ts'
import type { Option } from './option.ts'

const WIDTH = 100
/** A left column that is wider has its text on the next line. */
const LEFT_WIDTH = 36

type Row = readonly [left: string, right: string]

/** The lines of a text that is as wide as this at most. Words are never cut, a default only where it is wider than a line. */
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

/** The lines of two columns, the second one aligned and wrapped. */
function columns(rows: readonly Row[]): string {
  const width = Math.min(LEFT_WIDTH, Math.max(0, ...rows.map(([left]) => left.length))) + 3
  const row = ([left, right]: Row): string => {
    const lines = wrap(right, WIDTH - width).map((line) => `${' '.repeat(width)}${line}\n`)
    return left.length > width - 2 ? `${left}\n${lines.join('')}` : left + lines.join('').slice(left.length)
  }
  return rows.map(row).join('')
}

function optionRow({ short, flag, placeholder, description, shownDefault, environment }: Option<unknown>): Row {
  const left = `  ${short === undefined ? '    ' : `-${short}, `}--${flag ?? ''}${placeholder === null ? '' : ` ${placeholder}`}`
  const from = environment === undefined ? '' : ` [$${environment}]`
  return [left, `${description}${from}${shownDefault === null ? '' : ` (default ${shownDefault})`}`]
}

function optionTable(title: string, options: readonly Option<unknown>[]): string {
  const rows = options.filter(({ flag }) => flag !== null).map(optionRow)
  return rows.length === 0 ? '' : `\n${title}:\n${columns(rows)}`
}

/** The names of a path as they are typed. */
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

/** The usage of the last command of a path, as it follows a usage error. */
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
  // What is indented is meant to be copied.
  const description = lines.flatMap((line) => (line.startsWith(' ') ? [line] : wrap(line, WIDTH))).join('\n')
  return `${description}\n\n${usageOf(path)}`
}
