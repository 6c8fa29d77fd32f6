import { escapeLine, escapeLines } from '../../src/log/control-characters.ts'
import { printableYaml } from '../../src/edit/printable-yaml.ts'
import { test } from 'tap'
import { parse, stringify } from 'yaml'

/** Ranges of code points that control a terminal or are invisible. */
const CONTROL_RANGES: readonly (readonly [first: number, last: number, name: string])[] = [
  [0x00, 0x1f, 'C0'],
  [0x7f, 0x9f, 'DEL and C1'],
  [0xad, 0xad, 'soft hyphen'],
  [0x61c, 0x61c, 'Arabic letter mark'],
  [0x200b, 0x200f, 'zero width, LRM, RLM'],
  [0x2028, 0x202e, 'line and paragraph separators, embeddings, overrides'],
  [0x2060, 0x206f, 'word joiner, invisible operators, isolates'],
  [0xfeff, 0xfeff, 'BOM'],
  [0xfff9, 0xfffb, 'interlinear annotations'],
  [0xe0000, 0xe00ff, 'tags'],
]

/** Names as people write them. */
const NAMES = [
  'Zoë Müller-Łukasiewicz',
  'e\u0301 (combining)',
  '山田太郎',
  '葛\u{e0100}城 (ideographic variation)',
  '김철수',
  'أحمد',
  'Дмитрий',
  'अनिता',
  '👩🏽‍💻'.replaceAll('\u200d', ''),
  '❤\ufe0f',
  'a\u00a0b\u3000c',
  '~!"#$%&\\\'()',
]

void test('each control character is escaped', (t) => {
  for (const [first, last, name] of CONTROL_RANGES) {
    for (let code = first; code <= last; code += 1) {
      const character = String.fromCodePoint(code)
      const escaped = escapeLine(`<${character}>`)
      t.match(escaped, /^<(?:\\[bfnrt]|(?:\\u[\da-f]{4}){1,2})>$/, `${name} ${code.toString(16)}`)
      t.equal(JSON.parse(`"${escaped}"`), `<${character}>`, `${name} ${code.toString(16)} reads back`)
      const isOurs = character === '\n' || character === '\t'
      t.equal(escapeLines(character), isOurs ? character : escapeLine(character))
    }
  }
  t.end()
})

void test('normal text is unchanged', (t) => {
  for (const name of NAMES) for (const escape of [escapeLine, escapeLines]) t.equal(escape(name), name)
  t.end()
})

void test('JSON stays valid and keeps its meaning', (t) => {
  const value = { '\u202e': ['\u001b[2J\n\t\u0085\u2028\u{e0041}é', '\\u001b', 'plain'] }
  const text = escapeLines(JSON.stringify(value, null, 2))
  t.notMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  t.strictSame(JSON.parse(text), value)
  const clean = JSON.stringify({ name: NAMES }, null, 2)
  t.equal(escapeLines(clean), clean)
  t.end()
})

void test('YAML stays valid and keeps its meaning; without control characters it equals the output of yaml', (t) => {
  const options = { version: '1.1', lineWidth: 0, blockQuote: 'literal', sortMapEntries: true } as const
  const texts = [
    '\u202e',
    '\u001b[2J',
    'a\u009bb: c',
    'two\nlines\u2028\n',
    '- \ufeff',
    '\u{e0041}\u{e0001}',
    '\r',
    "'\u200b'",
  ]
  for (const text of texts) {
    const value = { [text]: text, list: [text], plain: 'two\nlines\n\tand a tab\n' }
    for (const each of [printableYaml(value), printableYaml(value, options)]) {
      t.notMatch(each.replaceAll(/[\n\t]/g, ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, escapeLine(text))
      t.strictSame(parse(each), value, escapeLine(text))
    }
  }
  const clean = { NAMES, text: 'two\nlines\n', yes: 'no', 'a: b': '# c', tab: 'a\tb\n\tc' }
  t.equal(printableYaml(clean, options), stringify(clean, options))
  t.match(printableYaml('\u{e0041}'), '\\U000e0041', 'one escape for a code point: other readers take no surrogates')
  t.end()
})

void test('a long text takes linear time', (t) => {
  const started = Date.now()
  for (const part of ['a', '\u001b', 'é', '\n', '\u{e0041}']) escapeLine(escapeLines(part.repeat(200_000)))
  t.ok(Date.now() - started < 20_000)
  t.end()
})
