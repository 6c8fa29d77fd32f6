import { test } from 'tap'
import { LocatedDocument } from '../../src/configuration/located-document.ts'

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

void test('keys ignore case; one that is not known is warned about, with a hint', async (t) => {
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

void test('a key that is there twice is an error of its own, and the document stays readable', async (t) => {
  for (const text of ['a: 1\nA: 2\n', 'a: 1\na: 2\n', '{"a": 1, "a": 2}']) {
    const { document } = fieldsOf(text)
    t.notOk(document.unreadable, text)
    t.equal(document.errorCount, 1, text)
  }
})

void test('what is no YAML is unreadable, and every error has a place', async (t) => {
  for (const text of [
    'a: [',
    '\ta: 1',
    'a: b: c',
    '"',
    '}',
    'a: 1\n---\nb: 2\n',
    '['.repeat(20_000),
    '- '.repeat(20_000),
  ]) {
    const document = documentOf(text)
    t.ok(document.unreadable, text.slice(0, 20))
    t.ok(document.errorCount > 0)
    t.ok(document.problems.every(({ location: { line, column } }) => line >= 1 && column >= 1))
  }
})

void test('nothing at all is null', async (t) => {
  for (const text of ['', '# a comment\n', '---\n', 'null', '~']) {
    const document = documentOf(text)
    t.ok(document.isNull(document.root), JSON.stringify(text))
    t.notOk(document.unreadable)
  }
  t.notOk(documentOf('0').isNull(documentOf('0').root))
})

void test('values are taken as they are written, and nothing is coerced', async (t) => {
  for (const [written, text, type] of [
    ['text', 'text', 'string'],
    ['"012"', '012', 'string'],
    ['012345678901', '012345678901', 'number'],
    ['0x10', '0x10', 'number'],
    ['1e3', '1e3', 'number'],
    ['.nan', '.nan', 'number'],
    ['True', 'True', 'boolean'],
    ['yes', 'yes', 'string'],
    ['2001-01-01', '2001-01-01', 'string'],
  ] as const) {
    const { document, field } = onlyField(`a: ${written}`)
    t.same(document.scalar(field), { text, type }, written)
    t.equal(document.string(field), type === 'string' ? text : null, written)
    t.equal(document.errorCount, type === 'string' ? 0 : 1, written)
  }
})

void test('a value of another form is an error with its place', async (t) => {
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

void test('a list and a map, with their paths and places', async (t) => {
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

void test('an alias stands for its anchor, also when it comes again under the same name', async (t) => {
  const { document, fields } = fieldsOf('a: &x 1\nb: *x\nc: [&x two, *x]\n')
  const b = fields.get('b')
  const c = fields.get('c')
  t.match(b === undefined ? null : document.scalar(b), { text: '1' })
  const [, second] = c === undefined ? [] : (document.items(c) ?? [])
  t.match(second === undefined ? null : document.scalar(second), { text: 'two' })
})

void test('an alias that names nothing is an error, not nothing', async (t) => {
  const { document, field } = onlyField('a: *nope\n')
  t.notOk(document.isNull(field))
  t.equal(document.items(field), null)
  t.equal(document.errorCount, 1)
})

void test('a map is merged in with <<, own keys first, also from a list of maps', async (t) => {
  const { document, fields } = fieldsOf('a: &x {k: 1, l: 2}\nb: {<<: *x, K: 3}\nc: {<<: [*x, {l: 4, m: 5}]}\n')
  const pairsOf = (name: string) => {
    const field = fields.get(name)
    return field === undefined ? [] : document.pairs(field).map(([key, value]) => [key, document.scalar(value)?.text])
  }
  t.same(pairsOf('b'), [
    ['K', '3'],
    ['l', '2'],
  ])
  t.same(pairsOf('c'), [
    ['k', '1'],
    ['l', '2'],
    ['m', '5'],
  ])
  t.same(fieldsOf('a: 1\n<<: text\n').document.problems, [])
})

void test('tags and directives make no value of another kind', async (t) => {
  for (const text of [
    '!!merge x',
    '!!binary AA==',
    '!!timestamp 2001-01-01',
    '!!omap [k: v]',
    '!!set {k}',
    '!x y',
    '!!float x',
  ]) {
    for (const directive of ['', '%YAML 1.1\n---\n']) {
      const { document, field } = onlyField(`${directive}a: ${text}\n`)
      document.scalar(field)
      document.items(field)
      document.fields(field, [])
      t.ok(
        document.problems.every(({ location: { line } }) => line >= 1),
        `${directive}${text}`,
      )
    }
  }
  const { document, field } = onlyField('%YAML 1.1\n---\na: yes\n')
  t.equal(document.string(field), 'yes')
})

void test('keys that are no text are warned about', async (t) => {
  const { document } = fieldsOf('? [x]\n: 1\n? {y: z}\n: 2\n: 3\nnull: 4\n')
  t.equal(document.unreadable ? 0 : document.problems.length, 4)
  t.equal(document.errorCount, 0)
})

void test('JSON, also with tabs', async (t) => {
  const { document, field } = onlyField('{\n\t"b": 1,\n\t"a": "x\\u0041\\/"\n}\n')
  t.equal(document.string(field), 'xA/')
  t.same(document.problems, [])
})
