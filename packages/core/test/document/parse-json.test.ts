import { test } from 'tap'
import { LocatedDocument } from '../../src/document/located-document.ts'
import { parseJson } from '../../src/document/parse-json.ts'
import type { TreeNode } from '../../src/document/tree.ts'

function valueOf(node: TreeNode | null): unknown {
  if (node?.kind === 'list') return node.items.map(valueOf)
  if (node?.kind !== 'map') return node?.kind === 'scalar' ? node.value : undefined
  return Object.fromEntries(node.pairs.map(({ key, value }) => [key, valueOf(value)]))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const JSON_TEXTS = [
  '{}',
  '[]',
  '{"a": [1, -2.5e+3, true, false, null, "x"], "b": {"": {}}}',
  ' \t\r\n"\\u0041\\"\\\\\\/\\b\\f\\n\\r\\t\u2028\u007f😀" \n',
  '0',
  '-0',
  '"\ud800"',
]
const OTHER_TEXTS = [
  '',
  ' ',
  '01',
  '+1',
  '.5',
  '1.',
  '1e',
  '- 1',
  'NaN',
  'nul',
  'truex',
  'True',
  "'a'",
  '"a',
  '"a\n"',
  '"\\x"',
  '"\\u12"',
  '"\t"',
  '{',
  '}',
  '[',
  '[1',
  '[1,]',
  '[,]',
  '[1 2]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{a:1}',
  '{"a" 1}',
  '{"a":1 "b":2}',
  '{} {}',
  '{}x',
  '\ufeff{}',
  '// a\n{}',
  '\u00a01',
  '[1]]',
]

void test('it accepts exactly JSON', async (t) => {
  for (const [index, text] of JSON_TEXTS.entries()) {
    t.ok(isJson(text), `JSON ${index}`)
    t.same(valueOf(parseJson(text).contents), JSON.parse(text), `JSON ${index}`)
  }
  for (const text of OTHER_TEXTS) {
    t.notOk(isJson(text), JSON.stringify(text))
    t.ok(parseJson(text).error !== null, JSON.stringify(text))
  }
})

void test('the first error has its line and column', async (t) => {
  for (const [text, line, column] of [
    ['', 1, 1],
    ['{\n  "a": 1,\n}', 3, 1],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['["a\\x"]', 1, 4],
    ['["abc', 1, 6],
    ['\r\n\r\n  tru', 3, 3],
  ] as const) {
    const document = new LocatedDocument(text, 'x.json', 'json')
    t.ok(document.unreadable)
    t.match(
      document.problems,
      [{ severity: 'error', location: { source: 'x.json', line, column } }],
      JSON.stringify(text),
    )
  }
})

void test('values have their line and column', async (t) => {
  const document = new LocatedDocument('{\n  "a": [\n    "x",\n    7\n  ]\n}', 'x.json', 'json')
  const items = document.items(document.fields(document.root, ['a'])?.get('a') ?? document.root) ?? []
  t.same(
    items.map((item) => [document.pathOf(item), document.locationOf(item)]),
    [
      ['a[0]', { source: 'x.json', line: 3, column: 5 }],
      ['a[1]', { source: 'x.json', line: 4, column: 5 }],
    ],
  )
  t.equal(document.string(items[1] ?? document.root), null)
  t.same(document.scalar(items[1] ?? document.root), { text: '7', type: 'number' })
})

void test('no depth or length exhausts the stack', async (t) => {
  for (const text of ['['.repeat(1_000_000), '{"a":'.repeat(1_000_000)]) t.ok(parseJson(text).error !== null)
  t.equal(parseJson(`["${'x\\n'.repeat(1_000_000)}"]`).error, null)
  t.ok(parseJson(`["${'x\\n'.repeat(1_000_000)}`).error !== null)
})
