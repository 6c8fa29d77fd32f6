import { isGroup, type CommandGroup } from '../command-line/command.ts'
import { findCommand, optionsOf, takesNext } from '../command-line/find-command.ts'
import type { CompletedValue, Option } from '../command-line/option.ts'
import { parseFlags, type CommandLine } from '../command-line/parse-flags.ts'

/** The hidden subcommand that the shell scripts call. */
export const COMPLETE = '__complete'

/** The same without descriptions, which some terminals have no room for. */
export const COMPLETE_WITHOUT_DESCRIPTIONS = '__completeNoDesc'

/** The possible completions at the cursor. */
export interface Completion {
  readonly candidates: readonly Candidate[]
  /** The part of the word before a file name, such as `--config=`; null if the word can't be a file. */
  readonly filePrefix: string | null
  /** Values to read, in place of candidates. */
  readonly request?: ValueRequest
}

/** The value of an option that is read from files or a cluster. */
export interface ValueRequest {
  readonly kind: CompletedValue
  /** The flag and its `=`, or nothing. */
  readonly before: string
  /** The typed part of the value. */
  readonly typed: string
  /** The flags before the cursor. */
  readonly flags: CommandLine['flags']
}

interface Candidate {
  readonly word: string
  readonly description: string
}

const NOTHING: Completion = { candidates: [], filePrefix: null }

function startingWith(typed: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ word }) => word.startsWith(typed)), filePrefix: null }
}

/** @param before The part of the word before the value: the flag and its `=`, or nothing. */
function completeValue(
  { choices = [], isList, file, complete: kind }: Option<unknown>,
  before: string,
  typed: string,
  flags: CommandLine['flags'],
): Completion {
  if (kind !== undefined) return { ...NOTHING, request: { kind, before, typed, flags } }
  if (file === true) return { candidates: [], filePrefix: before }
  const kept = isList === true ? typed.slice(0, typed.lastIndexOf(',') + 1) : ''
  const taken = new Set(kept.split(','))
  const left = choices.filter((value) => value !== '' && !taken.has(value))
  return startingWith(
    before + typed,
    left.map((value) => ({ word: before + kept + value, description: '' })),
  )
}

/** Returns the flags of a command line; none if it is not valid. */
function typedFlags(args: readonly string[], options: readonly Option<unknown>[]): CommandLine['flags'] {
  try {
    return parseFlags(args, options).flags
  } catch {
    return new Map()
  }
}

/**
 * Completes the last word of a command line.
 *
 * @param args The words before the cursor, then the typed part of the word at the cursor after a `:`, because PowerShell
 * drops empty arguments.
 */
export function complete(root: CommandGroup, args: readonly string[]): Completion {
  const typed = (args.at(-1) ?? '').slice(1)
  const words = args.slice(0, -1)
  // The output contains the typed word, and separates its fields by these characters.
  if (/[\n\t]/.test(typed)) return NOTHING
  if (words.includes('--')) return NOTHING
  const isHelp = words.find((word) => !word.startsWith('-')) === 'help'
  const found = findCommand(root, isHelp ? words.slice(words.indexOf('help') + 1) : words)
  const options = optionsOf(found.path)

  const previous = words.at(-1) ?? ''
  if (takesNext(previous, options)) {
    const option = options.find(({ flag, short }) => previous === `--${flag ?? ''}` || previous === `-${short ?? ''}`)
    return option === undefined
      ? NOTHING
      : completeValue(option, '', typed, typedFlags(found.rest.slice(0, -1), options))
  }
  const [, before, name, value] = /^(--([^=]+)=)(.*)$/s.exec(typed) ?? []
  if (before !== undefined) {
    const option = options.find(({ flag }) => flag === name)
    return option === undefined ? NOTHING : completeValue(option, before, value ?? '', typedFlags(found.rest, options))
  }
  if (typed.startsWith('-')) {
    const flags = options.filter(({ flag }) => flag !== null)
    return startingWith(
      typed,
      flags.map(({ flag, description }) => ({ word: `--${flag ?? ''}`, description })),
    )
  }
  const last = found.path.at(-1) ?? root
  if (!isGroup(last)) return last.takesFiles === true ? { candidates: [], filePrefix: '' } : NOTHING
  if (found.unknown !== undefined) return NOTHING
  const commands = last.commands.map(({ name: word, summary }) => ({ word, description: summary }))
  if (last === root && !isHelp) commands.push({ word: 'help', description: 'Help about any command' })
  return startingWith(typed, commands)
}

/**
 * Formats completions for the shell scripts: one candidate, tab and description per line, or the candidate alone. A leading
 * tab means files.
 */
export function formatCompletion({ candidates, filePrefix }: Completion, hasDescriptions: boolean): string {
  if (filePrefix !== null) return `\t${filePrefix}\n`
  return candidates
    .map(({ word, description }) => (hasDescriptions ? `${word}\t${description}\n` : `${word}\n`))
    .join('')
}
