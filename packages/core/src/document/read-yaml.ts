import {
  Lexer,
  parseAllDocuments,
  parseDocument,
  YAMLParseError,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml'
import { DOCUMENT_LIMITS } from './limits.ts'

type Options = ParseOptions & DocumentOptions & SchemaOptions

/** A token of the YAML lexer. */
export interface YamlToken {
  readonly text: string
  readonly offset: number
  /** True if it is a plain or block scalar, whose first character has no special meaning. */
  readonly isScalar: boolean
}

/** Checks a token; may throw. Returns true if the text ends before it: the rest is neither scanned nor parsed. */
type OnToken = (token: YamlToken) => boolean | undefined

/** Marks of the lexer that are not part of the text: start of a document, early end of a flow collection, scalar. */
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f'])
const SCALAR_MARK = '\u001f'

function overLimit(offset: number, name: string, limit: number): YAMLParseError {
  return new YAMLParseError(
    [offset, offset + 1],
    'RESOURCE_EXHAUSTION',
    `has more than ${limit} ${name}, which is the limit`,
  )
}

/**
 * Scans tokens until `onToken` returns true. Returns the offset of that token, or the length of the text.
 *
 * @throws {YAMLParseError} The text is over a limit. The parser itself would build all of it first.
 */
function scan(text: string, onToken: OnToken): number {
  const { length, tokens, aliases } = DOCUMENT_LIMITS
  if (text.length > length) throw overLimit(length, 'characters', length)
  let offset = 0
  let tokenCount = 0
  let aliasCount = 0
  let isScalar = false
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) {
      isScalar = token === SCALAR_MARK
      continue
    }
    tokenCount += 1
    if (tokenCount > tokens) throw overLimit(offset, 'tokens', tokens)
    if (!isScalar && token.startsWith('*')) aliasCount += 1
    if (aliasCount > aliases) throw overLimit(offset, 'aliases', aliases)
    if (onToken({ text: token, offset, isScalar }) === true) return offset
    offset += token.length
    isScalar = false
  }
  return text.length
}

/** The document with its errors for an exhausted stack as errors that name the limit of depth: the parser reports those by their cause. */
function withDepthLimit(document: Document.Parsed): Document.Parsed {
  document.errors = document.errors.map((error) =>
    error.code === 'RESOURCE_EXHAUSTION' ? overLimit(error.pos[0], 'levels', DOCUMENT_LIMITS.depth) : error,
  )
  return document
}

/** A document without contents and with the error that kept it from being parsed. */
function rejected(error: unknown): Document.Parsed {
  if (!(error instanceof YAMLParseError)) throw error
  const document = parseDocument('')
  document.errors.push(error)
  return document
}

/**
 * Parses a text of one YAML document. A text over a limit gives an error with the code `RESOURCE_EXHAUSTION` at the place of the excess.
 *
 * @param onToken Called for each token before the text is parsed.
 */
export function readYamlDocument(text: string, options: Options, onToken: OnToken = () => undefined): Document.Parsed {
  let end: number
  try {
    end = scan(text, onToken)
  } catch (error) {
    return rejected(error)
  }
  return withDepthLimit(parseDocument(text.slice(0, end), options))
}

/** Parses a text of any number of YAML documents, with the limits of {@link readYamlDocument}. */
export function readYamlDocuments(text: string, options: Options): readonly Document.Parsed[] {
  try {
    scan(text, () => undefined)
  } catch (error) {
    return [rejected(error)]
  }
  const documents = parseAllDocuments(text, options)
  return 'empty' in documents ? [] : documents.map(withDepthLimit)
}

/**
 * The value of a text of one YAML document, with the limits of {@link readYamlDocument}.
 *
 * @throws {YAMLParseError} The text is not valid YAML, or over a limit.
 */
export function readYamlValue(text: string, options: Options = {}): unknown {
  const document = readYamlDocument(text, { prettyErrors: false, ...options })
  const [error] = document.errors
  if (error !== undefined) throw error
  return document.toJS()
}
