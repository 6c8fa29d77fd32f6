// A tag or text. Attributes are namespaces and are ignored. STS sends no other XML, such as a DOCTYPE.
const TOKEN = /<(\/?)([A-Za-z][\w.-]*)(?:\s+[\w:.-]+="[^"<]*")*\s*(\/?)>|([^<]+)/y
const DECLARATION = /^(?:<\?xml\s[^<>]*\?>)?\s*/
const MAX_DEPTH = 16

const ENTITY = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\dA-Fa-f]{1,6}));/g
const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/** A character that XML 1.0 does not allow (section 2.2): most control characters, and lone surrogates. */
const NO_XML = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** The texts of elements without child elements, by element path, with slashes between the names. */
export type AnswerTexts = ReadonlyMap<string, string>

function decode(text: string): string | undefined {
  if (text.replaceAll(ENTITY, '').includes('&')) return undefined
  const codes = [...text.matchAll(ENTITY)].map(([, , decimal, hex]) => Number(decimal ?? `0x${hex ?? '0'}`))
  if (codes.some((code) => code > 0x10ffff)) return undefined
  const decoded = text.replaceAll(ENTITY, (_, name: string | undefined, decimal?: string, hex?: string) => {
    if (name !== undefined) return NAMED.get(name) ?? ''
    return String.fromCodePoint(Number(decimal ?? `0x${hex ?? '0'}`))
  })
  return NO_XML.test(decoded) ? undefined : decoded
}

/**
 * Reads an answer of STS in the query protocol, which is XML with elements and text only.
 *
 * @returns undefined if the document is not well-formed, has a character that XML does not allow, has anything but elements
 *   and text, or has the same element twice.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function readAnswer(document: string): AnswerTexts | undefined {
  const texts = new Map<string, string>()
  const open: string[] = []
  let text = ''
  let holdsText = false
  let isOver = false
  TOKEN.lastIndex = DECLARATION.exec(document)?.[0].length ?? 0
  while (TOKEN.lastIndex < document.length) {
    const token = TOKEN.exec(document)
    if (token === null) return undefined
    const [, slash, name, closes, raw] = token
    if (name === undefined) {
      const decoded = decode(raw ?? '')
      if (decoded === undefined) return undefined
      text = decoded
      continue
    }
    const isEnd = slash === '/'
    if (!(isEnd && holdsText) && text.trim() !== '') return undefined
    if (!isEnd) {
      if (isOver || open.length === MAX_DEPTH) return undefined
      open.push(name)
      holdsText = true
      text = ''
    }
    if (isEnd || closes === '/') {
      const path = open.join('/')
      if ((isEnd && closes === '/') || open.pop() !== name || texts.has(path)) return undefined
      if (holdsText) texts.set(path, text)
      holdsText = false
      text = ''
      isOver = open.length === 0
    }
  }
  return isOver && text.trim() === '' ? texts : undefined
}
