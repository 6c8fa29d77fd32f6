import { CLUSTER_ID, GLOBAL_OPTIONS } from '../command-line/global-options.ts'
import type { Option } from '../command-line/option.ts'
import { TOKEN_OPTIONS } from '../command-line/token-options.ts'

/** Words of the arguments of `token` that belong together: a flag and its value, or anything else. */
interface Segment {
  readonly words: readonly string[]
  /** The long name of the flag; undefined if this is not a flag of `token`. */
  readonly flag?: string
  /** The value of the flag; `true` if it needs none. */
  readonly value?: string
}

/** The arguments of an exec entry that runs `token`. */
export interface TokenArguments {
  /** The arguments up to `token`. A wrapper has several. */
  readonly before: readonly string[]
  readonly segments: readonly Segment[]
}

type Flag = Pick<Option<unknown>, 'flag' | 'short' | 'placeholder'>

const FLAGS: readonly Flag[] = [...TOKEN_OPTIONS, ...GLOBAL_OPTIONS]

/** Reads one flag by the rules of the command line. `next` is the argument after it. */
function readSegment(word: string, next: string | undefined): Segment {
  const isLong = word.startsWith('--')
  const equals = word.indexOf('=')
  const name = isLong ? word.slice(2, equals < 0 ? undefined : equals) : word.charAt(1)
  const known = FLAGS.find(({ flag, short }) => (isLong ? flag : short) === name)
  const flag = known?.flag ?? undefined
  if (flag === undefined) return { words: [word] }
  const attached = isLong ? word.slice(name.length + 2) : word.slice(2)
  if (attached !== '') return { words: [word], flag, value: attached.startsWith('=') ? attached.slice(1) : attached }
  if (known?.placeholder === null) return { words: [word], flag, value: 'true' }
  return next === undefined ? { words: [word] } : { words: [word, next], flag, value: next }
}

/** Splits arguments at `token`; undefined if they don't run it. Understands all flags of `token`, and keeps others as they are. */
export function parseTokenArguments(args: readonly string[]): TokenArguments | undefined {
  const at = args.indexOf('token')
  if (at < 0) return undefined
  const segments: Segment[] = []
  for (let index = at + 1; index < args.length;) {
    const word = args[index] ?? ''
    if (word === '--') {
      segments.push({ words: args.slice(index) })
      break
    }
    const isFlag = word.startsWith('-') && word !== '-'
    const segment = isFlag ? readSegment(word, args[index + 1]) : { words: [word] }
    segments.push(segment)
    index += segment.words.length
  }
  return { before: args.slice(0, at + 1), segments }
}

/** The value of a flag; the last one wins. */
export function valueOf({ segments }: TokenArguments, flag: string | null): string | undefined {
  return segments.findLast((segment) => segment.flag === flag)?.value
}

/** The cluster ID of the arguments. */
export function clusterIdOf(args: TokenArguments): string | undefined {
  return valueOf(args, CLUSTER_ID.flag)
}

/**
 * Sets the value of a flag. A flag with that value stays as it is written.
 *
 * @param value Empty to remove the flag, `true` for a flag without a value.
 */
export function setArgument(args: TokenArguments, { flag, short, placeholder }: Flag, value: string): TokenArguments {
  if (flag === null || valueOf(args, flag) === value) return args
  const name = short === undefined ? `--${flag}` : `-${short}`
  const words = placeholder === null ? [`--${flag}`] : [name, value]
  const added: readonly Segment[] = value === '' ? [] : [{ words, flag, value }]
  const { before, segments } = args
  const first = segments.findIndex((segment) => segment.flag === flag)
  const end = segments.findIndex((segment) => segment.words[0] === '--')
  const at = first >= 0 ? first : end >= 0 ? end : segments.length
  const others = (part: readonly Segment[]): readonly Segment[] => part.filter((segment) => segment.flag !== flag)
  return { before, segments: [...others(segments.slice(0, at)), ...added, ...others(segments.slice(at))] }
}

/** The arguments as a list of words. */
export function formatArguments({ before, segments }: TokenArguments): readonly string[] {
  return [...before, ...segments.flatMap(({ words }) => words)]
}
