import { randomUUID } from 'node:crypto'
import type { Steps } from '@aws-iam-authenticator/core'

/** A string of more bytes than that is read piece by piece. */
const LONG = 32 * 1024
const PIECE = 16 * 1024
/** As long as the longest escape sequence, `\u` and four digits. */
const LONGEST_ESCAPE = 6
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const SPACE = 0x20

/** Whether the quote at this place is in a string: an odd number of backslashes is before it. */
function isEscaped(json: Buffer, quote: number): boolean {
  let first = quote
  while (json[first - 1] === BACKSLASH) first -= 1
  return (quote - first) % 2 === 1
}

/** Where the string ends that begins before this place; the end of the text where it does not. */
function* endSteps(json: Buffer, from: number): Steps<number> {
  for (let at = json.indexOf(QUOTE, from); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    if (!isEscaped(json, at)) return at
    yield
  }
  return json.length
}

/** Whether the string that ends here is the key of a member. */
function isKey(json: Buffer, end: number): boolean {
  let at = end + 1
  while ((json[at] ?? COLON) <= SPACE) at += 1
  return json[at] === COLON
}

/** The last place up to `end` where a string is sure to be in no escape sequence and in no character; undefined where none is. */
function placeToCut(json: Buffer, begin: number, end: number): number | undefined {
  for (let at = end; at > begin + LONGEST_ESCAPE; at -= 1) {
    const isWithinCharacter = ((json[at] ?? 0) & 0xc0) === 0x80
    if (!isWithinCharacter && !json.subarray(at - LONGEST_ESCAPE, at).includes(BACKSLASH)) return at
  }
  return undefined
}

/** The value of a long string between these places, of which the bytes are used up. Where it can't be cut, the rest is one piece. */
function* stringSteps(json: Buffer, from: number, to: number): Steps<string> {
  const pieces: unknown[] = []
  for (let begin = from; begin < to;) {
    const end = to - begin > PIECE ? (placeToCut(json, begin, begin + PIECE) ?? to) : to
    const next = json[end] ?? QUOTE
    // In quotes, in place: to put them around a copy would cost another copy.
    json[begin - 1] = QUOTE
    json[end] = QUOTE
    pieces.push(JSON.parse(json.toString('utf8', begin - 1, end + 1)))
    json[end] = next
    begin = end
    yield
  }
  return pieces.join('')
}

/**
 * Parses JSON in steps where it has long strings, as a ConfigMap has: all in one go takes milliseconds for each MiB.
 *
 * @param json UTF-8, of which the bytes are used up.
 * @throws {SyntaxError} As `JSON.parse` does.
 */
export function* jsonSteps(json: Buffer): Steps<unknown> {
  const mark = randomUUID()
  const values: string[] = []
  const rest: string[] = []
  let from = 0
  for (let begin = json.indexOf(QUOTE); begin >= 0;) {
    const end = yield* endSteps(json, begin + 1)
    if (end - begin > LONG && end < json.length && !isKey(json, end)) {
      rest.push(json.toString('utf8', from, begin), `"${mark}${values.length}"`)
      values.push(yield* stringSteps(json, begin + 1, end))
      from = end + 1
    }
    begin = json.indexOf(QUOTE, end + 1)
    yield
  }
  rest.push(json.toString('utf8', from))
  const putBack = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(mark) ? values[Number(value.slice(mark.length))] : value
  const parsed: unknown = JSON.parse(rest.join(''), values.length === 0 ? undefined : putBack)
  return parsed
}
