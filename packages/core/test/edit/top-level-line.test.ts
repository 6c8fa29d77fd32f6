import t from 'tap'
import { parse } from 'yaml'
import { findWrittenLine, replaceWrittenLine } from '../../src/edit/written-line.ts'
import { readTopLevelLine, setTopLevelLine } from '../../src/edit/top-level-line.ts'

const VALUE = { one: { text: 'a: b # c', more: '"\\' }, two: {} }

t.test('a value is read back as it was set, and the rest of the file stays', (t) => {
  const rows = [
    '',
    '\n',
    '# alone\n',
    'clusters:\n  a:\n    number: 007 # seven\n    date: 2020-01-01T00:00:00Z\n    nothing: ~\n    yes: yes\n',
    'clusters: {a: {b: "c"}}\n',
    "quoted: 'it''s'\nblock: |\n  ours: {\"no\": 1}\n  more\n",
    'long: ' + 'word '.repeat(60).trim() + '\n',
  ]
  for (const text of rows) {
    const once = setTopLevelLine(text, 'ours', VALUE)
    t.same(readTopLevelLine(once, 'ours'), VALUE, text)
    t.same(parse(once), { ...parse(text), ours: VALUE }, text)
    const again = setTopLevelLine(once, 'ours', { three: '3' })
    t.same(readTopLevelLine(again, 'ours'), { three: '3' }, text)
    t.same(parse(again), { ...parse(text), ours: { three: '3' } }, text)
    const without = setTopLevelLine(again, 'ours', undefined)
    t.same(parse(without) ?? {}, parse(text) ?? {}, text)
    t.notMatch(without, /^ours/m)
  }
  t.end()
})

t.test('scalars, comments and order stay unchanged', (t) => {
  const text = '# first\nb: 0012\na: 1.10\n\n# last\nc: !odd tag\n'
  t.equal(setTopLevelLine(text, 'ours', {}).replace('ours: {}\n', ''), text)
  t.end()
})

t.test('a key in another style is read too, with its scalars as strings', (t) => {
  t.same(readTopLevelLine('ours:\n  a:\n    b: 007\n', 'ours'), { a: { b: '007' } })
  t.same(readTopLevelLine('ours: {a: b}\n', 'ours'), { a: 'b' })
  t.equal(readTopLevelLine('theirs: 1\n', 'ours'), undefined)
  t.equal(readTopLevelLine('', 'ours'), undefined)
  t.equal(readTopLevelLine('a: 1\n', '__proto__'), undefined)
  t.end()
})

t.test('a line written by this program is found without a parser, and no other', (t) => {
  const line = setTopLevelLine('', 'ours', VALUE).trimEnd()
  for (const text of [line, `${line}\n`, `a: b\n${line}\nc: d\n`, `a: b\n${line}`])
    t.same(findWrittenLine(text, 'ours'), VALUE, text)
  for (const text of ['', 'ours:\n  a: b\n', `  ${line}`, `# ${line}`, `x${line}`, line.slice(0, -1), 'ours: {a: b}\n'])
    t.equal(findWrittenLine(text, 'ours'), undefined, text)
  t.end()
})

t.test('a single line is replaced without a parser, with the same result; more lines need the parser', (t) => {
  const line = setTopLevelLine('', 'ours', VALUE)
  const next = { three: '3' }
  for (const text of ['', line]) {
    t.equal(replaceWrittenLine(text, 'ours', next), setTopLevelLine(text, 'ours', next), text)
  }
  const others = [
    '\n',
    '# a comment\n',
    line.trimEnd(),
    `${line}\n`,
    `${line}a: b\n`,
    `a: b\n${line}`,
    `# ${line}`,
    `\r\n${line}`,
    'ours: {a: b}\n',
    'ours: {"a": "b"} # comment\n',
    'ours: {"a":\n',
    'ours:\n  a: b\n',
  ]
  for (const text of others) t.equal(replaceWrittenLine(text, 'ours', next), undefined, text)
  t.end()
})

t.test('a flow mapping and document markers become a block mapping', (t) => {
  t.equal(setTopLevelLine('{a: 1}', 'ours', { b: '2' }), 'a: 1\nours: {"b":"2"}\n')
  t.same(parse(setTopLevelLine('---\na: 1\n...\n', 'ours', { b: '2' })), { a: 1, ours: { b: '2' } })
  t.end()
})

t.test('a document that is not a mapping is rejected', (t) => {
  for (const text of ['- 1\n', 'text', 'a: [', 'a: 1\n---\nb: 2\n', 'a: 1\na: 2\n', '\t- x: "']) {
    t.throws(() => setTopLevelLine(text, 'ours', {}), TypeError, text)
    t.throws(() => readTopLevelLine(text, 'ours'), TypeError, text)
  }
  t.end()
})
