import { isGroup, type CommandGroup, type CommandNode } from './command.ts'
import type { Option } from './option.ts'

/** The command that a command line names. */
export interface Found {
  /** From the root command to the last named one. */
  readonly path: readonly [CommandGroup, ...CommandNode[]]
  /** The arguments that are not command names. */
  readonly rest: readonly string[]
  /** The name that is unknown to the last group; undefined if every name is known. */
  readonly unknown: string | undefined
}

/** Returns true if an argument is a flag whose value is the next argument. */
export function takesNext(argument: string, options: readonly Option<unknown>[]): boolean {
  if (!argument.startsWith('-') || argument === '-') return false
  const option = argument.startsWith('--')
    ? options.find(({ flag }) => `--${flag ?? ''}` === argument)
    : options.find(({ short }) => `-${short ?? ''}` === argument)
  return option !== undefined && option.placeholder !== null
}

/** Finds the command that the words name. Flags of the groups may precede the name. */
export function findCommand(root: CommandGroup, words: readonly string[]): Found {
  const path: [CommandGroup, ...CommandNode[]] = [root]
  const rest: string[] = []
  const options = [...root.options]
  let last: CommandNode = root
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    const isWord = word !== '' && !word.startsWith('-')
    if (word === '--' || !isGroup(last)) return { path, rest: [...rest, ...words.slice(index)], unknown: undefined }
    if (isWord) {
      const next: CommandNode | undefined = last.commands.find(({ name }) => name === word)
      if (next === undefined) return { path, rest: [...rest, ...words.slice(index)], unknown: word }
      path.push(next)
      options.push(...next.options)
      last = next
    } else {
      const length = takesNext(word, options) ? 2 : 1
      rest.push(...words.slice(index, index + length))
      index += length - 1
    }
  }
  return { path, rest, unknown: undefined }
}

/** Returns the options that are valid for a command, including those of its groups, without duplicates. */
export function optionsOf(path: readonly CommandNode[]): readonly Option<unknown>[] {
  return [...new Set(path.toReversed().flatMap(({ options }) => options))]
}
