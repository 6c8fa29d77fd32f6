import { isGroup, type CommandGroup, type CommandNode } from './command.ts'
import type { Option } from './option.ts'

/** Where the words of a command line lead. */
export interface Found {
  /** From the whole command to the last one that was named. */
  readonly path: readonly [CommandGroup, ...CommandNode[]]
  /** The words that are not names of commands. */
  readonly rest: readonly string[]
  /** The name that the last group does not know; undefined where it was not given one. */
  readonly unknown: string | undefined
}

/** Whether an argument is a flag that has its value in the next one. */
export function takesNext(argument: string, options: readonly Option<unknown>[]): boolean {
  if (!argument.startsWith('-') || argument === '-') return false
  const option = argument.startsWith('--')
    ? options.find(({ flag }) => `--${flag ?? ''}` === argument)
    : options.find(({ short }) => `-${short ?? ''}` === argument)
  return option !== undefined && option.placeholder !== null
}

/** Finds the command that is meant: flags of the groups may stand before its name. */
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

/** The options that a command line may have after these names, each once. */
export function optionsOf(path: readonly CommandNode[]): readonly Option<unknown>[] {
  return [...new Set(path.toReversed().flatMap(({ options }) => options))]
}
