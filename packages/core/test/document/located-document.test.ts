import { test } from 'tap'
import { LocatedDocument } from '../../src/document/located-document.ts'

const documentOf = (text: string) => new LocatedDocument(text, 'x.yaml')

/** The document and the values of its top level by lower-case name. */
function fieldsOf(text: string, names: readonly string[] = ['a', 'b', 'c']) {
  const document = documentOf(text)
  return { document, fields: document.fields(document.root, names) ?? new Map<string, typeof document.root>() }
}

function onlyField(text: string) {
  const { document, fields } = fieldsOf(text)
  return { document, field: fields.get('a') ?? document.root }
}

void test('keys ignore case; an unknown key is warned about, with a hint', async (t) => {
  const { document, fields } = fieldsOf('A: 1\nbb: 2\nzzz: 3\n')
  t.ok(fields.get('a'))
  t.same([fields.get('bb'), fields.get('zzz')], [undefined, undefined])
  t.match(document.problems, [
    {
      severity: 'warning',
      path: 'bb',
      location: { source: 'x.yaml', line: 2, column: 5 },
      message: /did you mean b\?/,
    },
    { severity: 'warning', path: 'zzz', location: { line: 3, column: 6 } },
  ])
  t.equal(document.errorCount, 0)
})

void test('a duplicate key is an error, and the document stays readable', async (t) => {
  for (const text of ['a: 1\nA: 2\n', 'a: 1\na: 2\n', '{"a": 1, "a": 2}']) {
    const { document } = fieldsOf(text)
    t.notOk(document.unreadable, text)
    t.equal(document.errorCount, 1, text)
  }
})

void test('invalid YAML is unreadable, and every error has a place', async (t) => {
  for (const text of ['a: [', '\ta: 1', 'a: b: c', '"', '}', '...\na: 1\n', '['.repeat(20_000), '- '.repeat(20_000)]) {
    const document = documentOf(text)
    t.ok(document.unreadable, text.slice(0, 20))
    t.ok(document.errorCount > 0)
    t.ok(document.problems.every(({ location: { line, column } }) => line >= 1 && column >= 1))
  }
})

void test('the first document counts, and what follows is warned about', async (t) => {
  for (const [text, line] of [
    ['a: 1\n---\nb: 2\n', 2],
    ['# c\n---\na: 1\n...\n}\n', 4],
    ['a: 1\n--- }', 2],
    ['\ufeff---\na: 1\n---\n---\n"', 3],
  ] as const) {
    const document = documentOf(text)
    t.notOk(document.unreadable, text)
    t.same(
      document.pairs(document.root).map(([key]) => key),
      ['a'],
      text,
    )
    t.match(document.problems, [{ severity: 'warning', location: { line, column: 1 } }], text)
  }
  for (const text of ['---\na: 1\n---\n', 'a: 1\n...\n# c\n', 'a: 1\n--- # c\n...\n\n', 'a: |\n  ---\n  ...\n']) {
    t.same(documentOf(text).problems, [], text)
  }
  const empty = documentOf('---\n---\na: 1\n')
  t.ok(empty.isNull(empty.root))
  t.match(empty.problems, [{ severity: 'warning', location: { line: 2 } }])
})

void test('an invisible character in the indentation is named with its place', async (t) => {
  for (const [text, name, line, column] of [
    ['a:\n\u00a0 b: 1\n- c', 'U+00A0 no-break space', 2, 1],
    ['- a: 1\n \u00a0b: 2\n', 'U+00A0 no-break space', 2, 2],
    ['- a: 1\n\ufeff- b: 2\n', 'U+FEFF byte order mark', 2, 1],
    ['- a: 1\n \u3000b: 2\n', 'U+3000 ideographic space', 2, 2],
    ['- a: 1\n\u200b  b: 2\n', 'U+200B zero width space', 2, 1],
  ] as const) {
    const { problems, unreadable } = documentOf(text)
    t.ok(unreadable, text)
    t.match(problems, [{ location: { line, column } }], text)
    t.ok(problems[0]?.message.includes(`${name} is not indentation`), text)
  }
  t.match(documentOf('a: b\n- "\n\n\u00a0 x').problems, [{ message: /^is not valid YAML: (?!U\+)/ }])
  const { document } = fieldsOf('\u00a0a: 1\n')
  t.match(document.problems, [{ severity: 'warning', message: /U\+00A0 no-break space.*did you mean a/ }])
  t.match(new LocatedDocument('\ufeff{}', 'x.json', 'json').problems, [{ message: /U\+FEFF byte order mark/ }])
})

void test('an empty document is null', async (t) => {
  for (const text of ['', '# a comment\n', '---\n', 'null', '~']) {
    const document = documentOf(text)
    t.ok(document.isNull(document.root), JSON.stringify(text))
    t.notOk(document.unreadable)
  }
  t.notOk(documentOf('0').isNull(documentOf('0').root))
})

void test('values are read as written, without coercion', async (t) => {
  for (const [written, text, type] of [
    ['text', 'text', 'string'],
    ['"012"', '012', 'string'],
    ['012345678901', '012345678901', 'number'],
    ['0x10', '0x10', 'number'],
    ['1e3', '1e3', 'number'],
    ['.nan', '.nan', 'number'],
    ['True', 'True', 'boolean'],
    ['yes', 'yes', 'boolean'],
    ['Off', 'Off', 'boolean'],
    ['"yes"', 'yes', 'string'],
    ['1_000', '1_000', 'number'],
    ['-0b11', '-0b11', 'number'],
    ['1:30', '1:30', 'string'],
    ['yes sir', 'yes sir', 'string'],
    ['2001-01-01', '2001-01-01', 'string'],
  ] as const) {
    const { document, field } = onlyField(`a: ${written}`)
    t.same(document.scalar(field), { text, type }, written)
    t.equal(document.string(field), type === 'string' ? text : null, written)
    t.equal(document.errorCount, type === 'string' ? 0 : 1, written)
  }
})

void test('a value of another type is an error with its place', async (t) => {
  for (const written of ['{x: 1}', '[1]', 'null', '', '{{SessionName}}']) {
    const { document, field } = onlyField(`b: 1\na: ${written}`)
    t.equal(document.scalar(field), null, written)
    t.match(document.problems, [{ severity: 'error', path: 'a', location: { line: 2 } }], written)
  }
  const { document, field } = onlyField('a: text')
  t.equal(document.items(field), null)
  t.equal(document.fields(field, ['x']), null)
  t.same(document.pairs(field), [])
  t.equal(document.errorCount, 2)
})

void test('a list and a map have paths and places', async (t) => {
  const { document, field } = onlyField('a:\n  - x\n  - {k: v}\n')
  t.ok(document.isList(field))
  const [first, second] = document.items(field) ?? []
  if (first === undefined || second === undefined) throw new Error('there must be two items')
  t.same([document.pathOf(first), document.locationOf(first)], ['a[0]', { source: 'x.yaml', line: 2, column: 5 }])
  t.same([document.pathOf(second), document.locationOf(second)], ['a[1]', { source: 'x.yaml', line: 3, column: 5 }])
  t.ok(document.isMap(second))
  t.same(
    document.pairs(second).map(([name, value]) => [name, document.pathOf(value)]),
    [['k', 'a[1].k']],
  )
})

void test('an alias stands for its anchor, also if the name is reused', async (t) => {
  const { document, fields } = fieldsOf('a: &x 1\nb: *x\nc: [&x two, *x]\n')
  const b = fields.get('b')
  const c = fields.get('c')
  t.match(b === undefined ? null : document.scalar(b), { text: '1' })
  const [, second] = c === undefined ? [] : (document.items(c) ?? [])
  t.match(second === undefined ? null : document.scalar(second), { text: 'two' })
})

void test('pairs of merge keys apply in order, as in yaml.v2', async (t) => {
  const text = [
    'x: &x {k: 1, l: 2}',
    'own last: {<<: *x, k: 3}',
    'own first: {k: 3, <<: *x}',
    'list: {<<: [*x, {l: 4, m: 5}]}',
    'two: {<<: *x, "y": 0, <<: {l: 4}}',
    'nested: {<<: {<<: *x, l: 6}}',
  ].join('\n')
  const wanted = new Map([
    ['own last', ['k3', 'l2']],
    ['own first', ['k1', 'l2']],
    ['list', ['l2', 'm5', 'k1']],
    ['two', ['k1', 'l4', 'y0']],
    ['nested', ['k1', 'l6']],
  ])
  const document = documentOf(text)
  for (const [name, field] of document.pairs(document.root).slice(1)) {
    const pairs: readonly string[] = document
      .pairs(field)
      .map(([key, value]) => `${key}${document.scalar(value)?.text}`)
    t.same(new Set(pairs), new Set(wanted.get(name)), name)
  }
  t.same(document.problems, [])
})

void test('a key that differs in case from a merged key is a duplicate', async (t) => {
  const { document, field } = onlyField('a: {<<: {Groups: [x]}, groups: []}\n')
  document.fields(field, ['groups'])
  t.match(document.problems, [{ severity: 'error', path: 'a.groups', message: /twice/ }])
})

void test('keys that are not text are warned about', async (t) => {
  const { document } = fieldsOf('{[x]: 1, {y: z}: 2, null: 3}')
  t.equal(document.unreadable ? 0 : document.problems.length, 3)
  t.equal(document.errorCount, 0)
})

void test('JSON is YAML too', async (t) => {
  const { document, field } = onlyField('{\n  "b": 1,\n  "a": "x\\u0041"\n}\n')
  t.equal(document.string(field), 'xA')
  t.same(document.problems, [])
})

void test('the first 100 problems are reported, then the number of the rest', async (t) => {
  for (const [count, last] of [
    [100, undefined],
    [101, { severity: 'warning', path: '', message: /^1 more/ }],
    [5_000, { severity: 'warning', location: { line: 1 }, message: /^4900 more/ }],
  ] as const) {
    const keys = Array.from({ length: count }, (_, index) => `k${index}: 1`)
    const { document } = fieldsOf(`{${keys.join(', ')}}`)
    t.equal(document.problems.length, Math.min(count, 101), `${count}`)
    t.match(document.problems[100], last)
    document.error(document.root, () => 'is wrong')
    t.equal(document.errorCount, 1)
    t.match(document.problems.at(-1), { severity: 'error' })
  }
})
