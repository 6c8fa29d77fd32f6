import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import type { Option } from './option.ts'
import { UsageError } from './usage-error.ts'

/** A parsed command line. */
export interface CommandLine {
  /** The values of each flag in their order, by its long name. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  /** The arguments that are not flags, without empty ones. */
  readonly positionals: readonly string[]
}

type AnyOption = Option<unknown>

interface Flag {
  readonly option: AnyOption
  /** The flag as typed, for errors. */
  readonly written: string
  /** The value in the same argument; undefined if there is none. */
  readonly value: string | undefined
  /** Further short flags in the same argument. */
  readonly rest: string
}

/** What to write instead of flags that similar programs have, such as `aws eks get-token` and `aws`. */
const FOREIGN_FLAGS: ReadonlyMap<string, string> = new Map([
  ['cluster-name', '--cluster-id'],
  ['role-arn', '--role'],
])

/** What to write instead of an unknown flag; empty if nothing is similar. */
function hintFor(name: string, options: readonly AnyOption[]): string {
  const names = options.filter(({ flag }) => flag !== null).map(({ flag }) => `--${flag ?? ''}`)
  const ours = FOREIGN_FLAGS.get(name)
  if (ours !== undefined && names.includes(ours)) return ` (did you mean ${ours}?)`
  if (name === 'profile') return ': set the environment variable AWS_PROFILE instead'
  return didYouMean(`--${name}`, names)
}

function parseLong(argument: string, options: readonly AnyOption[]): Flag {
  const equals = argument.indexOf('=')
  const name = argument.slice(2, equals < 0 ? undefined : equals)
  const option = options.find((candidate) => candidate.flag === name)
  if (option === undefined) throw new UsageError(`unknown flag: --${name}${hintFor(name, options)}`)
  const value = equals < 0 ? undefined : argument.slice(equals + 1)
  return { option, written: `--${name}`, value, rest: '' }
}

function parseShort(letters: string, options: readonly AnyOption[]): Flag {
  const letter = letters.charAt(0)
  const option = options.find((candidate) => candidate.short === letter)
  if (option === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in -${letters}`)
  const attached = letters.slice(1)
  const written = `-${letter}`
  if (attached.startsWith('=')) return { option, written, value: attached.slice(1), rest: '' }
  if (option.placeholder === null) return { option, written, value: undefined, rest: attached }
  return { option, written, value: attached === '' ? undefined : attached, rest: '' }
}

/**
 * Parses a command line by the rules of Go's pflag, which existing scripts and manifests rely on: flags and other
 * arguments in any order, `--flag=value`, `--flag value`, `-fvalue`, `-f=value`, and no flags after `--`.
 *
 * @throws {UsageError} A flag is unknown or lacks its value.
 */
export function parseFlags(args: readonly string[], options: readonly AnyOption[]): CommandLine {
  const flags = new Map<string, string[]>()
  const positionals: string[] = []
  const queue = [...args]
  for (let argument = queue.shift(); argument !== undefined; argument = queue.shift()) {
    if (argument === '--') {
      positionals.push(...queue)
      break
    }
    if (!argument.startsWith('-') || argument === '-') {
      if (argument !== '') positionals.push(argument)
      continue
    }
    const parsed = argument.startsWith('--') ? parseLong(argument, options) : parseShort(argument.slice(1), options)
    const { option, written, rest } = parsed
    if (rest !== '') queue.unshift(`-${rest}`)
    const value = parsed.value ?? (option.placeholder === null ? 'true' : queue.shift())
    if (value === undefined) throw new UsageError(`flag needs an argument: ${written}`)
    const name = option.flag ?? ''
    flags.set(name, [...(flags.get(name) ?? []), value])
  }
  return { flags, positionals }
}
