/** An answer of HTTP/1.1 that is whole. */
export interface ParsedAnswer {
  readonly statusCode: number
  /** By names in lower case; those that come more than once are joined with commas. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Whether the connection may be used for the next request. */
  readonly staysOpen: boolean
}

const MAX_HEAD_LENGTH = 64 * 1024
const MAX_BODY_LENGTH = 1024 * 1024
const MAX_CHUNK_LINE_LENGTH = 1024

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
const FIELD = /^([!#$%&'*+.^_`|~\w-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/
const CHUNK_LINE = /^([\dA-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/
const END_OF_HEAD = '\r\n\r\n'

function malformed(what: string): Error {
  return new Error(`the answer is no HTTP/1.1: ${what}`)
}

function checkLength(length: number): void {
  if (length > MAX_BODY_LENGTH) throw new Error(`the answer is longer than ${MAX_BODY_LENGTH} bytes`)
}

/** What stands before the body of an answer. */
export interface AnswerHead {
  readonly statusCode: number
  /** The digit after HTTP/1. */
  readonly minor: string
  readonly headers: Readonly<Record<string, string>>
  /** In bytes. */
  readonly length: number
}

/**
 * Reads the head of an answer.
 *
 * @returns undefined where more has to come.
 * @throws {Error} It is none.
 */
export function parseHead(bytes: Buffer): AnswerHead | undefined {
  const end = bytes.subarray(0, MAX_HEAD_LENGTH).indexOf(END_OF_HEAD)
  if (end < 0 && bytes.length >= MAX_HEAD_LENGTH) throw malformed('its head does not end')
  if (end < 0) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [, minor, status] = STATUS_LINE.exec(statusLine) ?? []
  if (minor === undefined) throw malformed('it begins otherwise')
  const fields = new Map<string, string>()
  for (const line of lines) {
    const [, written = '', value = ''] = FIELD.exec(line) ?? []
    if (written === '') throw malformed('a header is none')
    const name = written.toLowerCase()
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const length = end + END_OF_HEAD.length
  return { statusCode: Number(status), minor, headers: Object.fromEntries(fields), length }
}

interface Body {
  readonly body: Buffer
  readonly end: number
}

function parseChunks(bytes: Buffer, start: number): Body | undefined {
  const chunks: Buffer[] = []
  let length = 0
  for (let at = start; ;) {
    const endOfLine = bytes.indexOf('\r\n', at)
    if ((endOfLine < 0 ? bytes.length : endOfLine) - at > MAX_CHUNK_LINE_LENGTH)
      throw malformed('a chunk has no length')
    if (endOfLine < 0) return undefined
    const digits = CHUNK_LINE.exec(bytes.toString('latin1', at, endOfLine))?.[1]
    if (digits === undefined) throw malformed('a chunk has no length')
    const size = Number.parseInt(digits, 16)
    if (size === 0) {
      // Nothing is wanted of trailers, which go as far as an empty line.
      const last = bytes.indexOf(END_OF_HEAD, endOfLine)
      if ((last < 0 ? bytes.length : last) - endOfLine > MAX_HEAD_LENGTH) throw malformed('its trailers do not end')
      return last < 0 ? undefined : { body: Buffer.concat(chunks), end: last + END_OF_HEAD.length }
    }
    length += size
    checkLength(length)
    const end = endOfLine + 2 + size
    if (bytes.length < end + 2) return undefined
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') throw malformed('a chunk is longer than it says')
    chunks.push(bytes.subarray(endOfLine + 2, end))
    at = end + 2
  }
}

function parseBody({ statusCode, headers, length }: AnswerHead, bytes: Buffer, isOver: boolean): Body | undefined {
  const { 'content-length': said, 'transfer-encoding': encoding } = headers
  if (encoding !== undefined) {
    // Both would let two readers see two different answers.
    if (said !== undefined || encoding.toLowerCase() !== 'chunked')
      throw malformed('its length can be read in two ways')
    return parseChunks(bytes, length)
  }
  if (statusCode === 204 || statusCode === 304) return { body: Buffer.alloc(0), end: length }
  if (said === undefined) {
    checkLength(bytes.length - length)
    return isOver ? { body: bytes.subarray(length), end: bytes.length } : undefined
  }
  if (!/^\d{1,15}$/.test(said)) throw malformed('its length is no number')
  const end = length + Number(said)
  checkLength(Number(said))
  return bytes.length < end ? undefined : { body: bytes.subarray(length, end), end }
}

/**
 * Reads the answer to a GET or a POST, strictly.
 *
 * @param bytes All that came so far.
 * @param isOver Whether nothing more will come.
 * @returns undefined where more has to come.
 * @throws {Error} It is no answer, or is longer than 1 MiB.
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export function parseAnswer(bytes: Buffer, isOver: boolean): ParsedAnswer | undefined {
  const head = parseHead(bytes)
  if (head === undefined) return undefined
  const { statusCode, headers, minor, length } = head
  // Nobody asked for another protocol; what else begins with 1 is said before the answer.
  if (statusCode === 101) throw malformed('it changes the protocol')
  if (statusCode < 200) return parseAnswer(bytes.subarray(length), isOver)
  const parsed = parseBody(head, bytes, isOver)
  if (parsed === undefined) return undefined
  const closes = minor === '0' || /(?:^|,)\s*close\s*(?:,|$)/i.test(headers['connection'] ?? '')
  const { body, end } = parsed
  return { statusCode, headers, body, staysOpen: !closes && !isOver && end === bytes.length }
}
