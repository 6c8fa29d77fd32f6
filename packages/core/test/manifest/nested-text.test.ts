import { test } from 'tap'
import { readManifests } from '../../src/manifest/read-manifests.ts'

/** The places of marks such as `<1>` in the string of a manifest, by the mark's place in that string. */
function placesOf(style: string): { readonly found: string; readonly value: string }[] {
  const text = `kind: ConfigMap\nmetadata: {name: aws-auth}\ndata:\n  mapRoles: ${style}\n`
  const [configMap] = readManifests(text, 'f').configMaps
  const nested = configMap?.data[0]?.nested
  if (nested === null || nested === undefined) throw new Error('no string')
  const outer = text.split('\n')
  return [...nested.text.matchAll(/<\d>/g)].map(({ index, 0: value }) => {
    const before = nested.text.slice(0, index).split('\n')
    const { line, column } = nested.locate(before.length, (before.at(-1)?.length ?? 0) + 1)
    return { value, found: (outer[line - 1] ?? '').slice(column - 1, column + 2) }
  })
}

/** Each style, written as people and programs write it. */
const STYLES: ReadonlyMap<string, string> = new Map([
  ['literal', '|\n    - <1>\n      a: <2>\n\n    # <3>\n    - <4>'],
  ['literal with a comment and a strip', '|- # <9>\n    - <1>\n    - <2>'],
  ['literal with a given indentation', '|2\n     - <1>\n     - <2>'],
  ['folded', '>\n    - <1>\n      a: <2>\n\n    - <3>\n    <4>'],
  ['folded and kept', '>+\n    <1>\n\n\n    <2>\n      <3>\n    <4>\n'],
  [
    'double-quoted',
    String.raw`"- <1>\n  a: \"<2>\"\n- \u003c3> <4>\x3c \ud83d\ude00 <5>\t<6>\
      <7>

      <8>"`.replace(String.raw`\u003c3>`, '<3>'),
  ],
  ['double-quoted in JSON', String.raw`"- <1>\r\n  a: \/<2>\\<3>\u00e9\U0001F600<4>\N\_<5>"`],
  ['single-quoted', `'- <1> ''x''\n\n      - <2>''''<3>\n\n\n      <4>'`],
  ['plain', '<1> <2>\n    <3>\n\n    <4>'],
  ['with CRLF', '|\r\n    - <1>\r\n      <2>\r'],
])

for (const [style, written] of STYLES) {
  void test(`places in a string that is ${style}`, async (t) => {
    const places = placesOf(written)
    t.ok(places.length >= 2)
    for (const { value, found } of places) t.equal(found, value)
  })
}

void test('white space and the end have places', async (t) => {
  const text = 'kind: ConfigMap\ndata:\n  mapRoles: |\n    - a\n    \tb: c\n'
  const nested = readManifests(text, 'f').configMaps[0]?.data[0]?.nested
  t.same(nested?.locate(2, 1), { source: 'f', line: 5, column: 5 }, 'a tab that indents')
  t.same(nested?.locate(99, 1), { source: 'f', line: 5, column: 10 }, 'behind the end')
  t.same(nested?.locate(1, 4), { source: 'f', line: 4, column: 8 }, 'behind a line')
})

void test('an empty string has the place of its scalar', async (t) => {
  for (const [written, column] of [
    ['|', 13],
    ['>-\n', 13],
    ['|\n\n', 13],
    ['""', 13],
    ["' '", 13],
    ['&a ""', 16],
  ] as const) {
    const nested = readManifests(`kind: ConfigMap\ndata:\n  mapRoles: ${written}`, 'f').configMaps[0]?.data[0]?.nested
    t.equal(nested?.text.trim(), '', written)
    t.same(nested?.locate(1, 1), { source: 'f', line: 3, column }, written)
    t.same(nested?.locate(7, 7), { source: 'f', line: 3, column }, written)
  }
})
