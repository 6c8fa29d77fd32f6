/** Names that the SDK's parser reads in both files. */
const PLAIN = /^[\w\-@+.:/]+$/

/** The AWS config file has `[profile NAME]`, the credentials file has `[NAME]`. */
type SharedFileKind = 'config' | 'credentials'

/** A shared file for the SDK's parser. */
interface SdkFile {
  /** The file, with headers that the SDK's parser can read. */
  readonly text: string
  /** The profile names, by the names that `text` has for them. Includes profiles without settings. */
  readonly names: ReadonlyMap<string, string>
}

/** Returns the name of a profile in the files that the SDK's parser reads. Different profiles have different names. */
export function sdkProfileName(name: string): string {
  // The parser keeps sections in an object.
  if (PLAIN.test(name) && !(name in Object.prototype)) return name
  return Array.from(Buffer.from(name), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

/** A text split into words by the rules of a POSIX shell; undefined if a quote is not closed. */
function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    const next = text.charAt(at + 1)
    if (character === quote) quote = ''
    else if (character === '\\' && quote !== "'" && (quote === '' || next === '"' || next === '\\')) {
      word = (word ?? '') + next
      at += 1
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character
      word ??= ''
    } else if (quote === '' && (character === ' ' || character === '\t')) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (word !== undefined) words.push(word)
  return quote === '' ? words : undefined
}

/** The position of the bracket that ends a header of the config file, where brackets within quotes do not count. */
function endOfHeader(line: string): number {
  let quote = ''
  for (let at = 1; at < line.length; at += 1) {
    const character = line.charAt(at)
    if (quote === '' && character === ']') return at
    if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
  }
  // An apostrophe is not a quote.
  return line.indexOf(']')
}

/** A header of a profile, and as the SDK's parser reads it. */
interface Header {
  readonly name: string
  readonly text: string
}

/**
 * Parses the header of a profile in the config file, as the AWS CLI does: `[profile "two words"]`. Without quotes, the words are one
 * name, as in the Go SDK.
 */
function configHeader(line: string): Header | undefined {
  const header = line.slice(1, endOfHeader(line)).trim()
  if (header === 'default') return { name: header, text: '[default]' }
  const [keyword = ''] = header.split(/\s/, 1)
  const rest = header.slice(keyword.length).trim()
  if (keyword !== 'profile') return undefined
  const words = shellWords(rest) ?? []
  const name = words.length === 1 ? (words[0] ?? '') : rest
  return name === '' ? undefined : { name, text: `[profile ${sdkProfileName(name)}]` }
}

/** Parses a header of the credentials file, in which quotes are part of the name. */
function credentialsHeader(line: string): Header | undefined {
  const name = line.slice(1, line.indexOf(']')).trim()
  return name === '' ? undefined : { name, text: `[${sdkProfileName(name)}]` }
}

/**
 * Rewrites the headers of profiles whose names the SDK's parser does not read, such as names with blanks.
 *
 * @see https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
 */
export function sdkFile(content: string, kind: SharedFileKind): SdkFile {
  const parseHeader = kind === 'config' ? configHeader : credentialsHeader
  const names = new Map<string, string>()
  const rewrite = (line: string): string => {
    const trimmed = line.trim()
    const header = trimmed.startsWith('[') && trimmed.includes(']') ? parseHeader(trimmed) : undefined
    if (header === undefined) return line
    names.set(sdkProfileName(header.name), header.name)
    return header.text
  }
  return { text: content.split('\n').map(rewrite).join('\n'), names }
}
