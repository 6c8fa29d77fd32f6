import t from 'tap'
import { parse } from 'yaml'
import { appendItem } from '../../src/edit/append-item.ts'

const item = {
  rolearn: 'arn:aws:iam::012345678901:role/B',
  username: '{{SessionName}}',
  groups: ['system:masters', 'yes'],
}

const block = `- rolearn: arn:aws:iam::012345678901:role/B
  username: "{{SessionName}}"
  groups:
    - system:masters
    - "yes"
`
const flat = block.replaceAll('    -', '  -')
const flow =
  '{rolearn: "arn:aws:iam::012345678901:role/B", username: "{{SessionName}}", groups: ["system:masters", "yes"]}'

function indent(text: string, by: number): string {
  return text.replaceAll(/^/gm, ' '.repeat(by)).slice(0, -by)
}

t.test('an item is appended, and the text before it stays byte for byte', (t) => {
  const rows: readonly (readonly [name: string, text: string, added: string])[] = [
    ['a block list', '- rolearn: a\n  username: b\n', block],
    ['lists as far left as their keys', '- rolearn: a\n  groups:\n  - g\n', flat],
    ['indented lists', '- rolearn: a\n  groups:\n    - g\n', block],
    ['lists in brackets tell nothing', '- rolearn: a\n  groups: [g]\n', block],
    ['an indented list', '  - rolearn: a\n    username: b\n', indent(block, 2)],
    ['comments', '# first\n- rolearn: a # why\n  # inside\n  username: b\n# last\n', block],
    ['empty lines', '\n- rolearn: a\n\n\n', block],
    ['no end of line', '- rolearn: a', `\n${block}`],
    ['anchors', '- &a {rolearn: a}\n- *a\n', block],
    ['a document marker', '---\n- rolearn: a\n', block],
    ['carriage returns', '- rolearn: a\r\n  username: b\r\n', block],
    ['a scalar of several lines', '- rolearn: a\n  username: |+\n    x\n\n', block],
    ['lists in lists in brackets', '- - [a]\n- {b: [c]}\n', block],
    ['a list of other things', '- text\n- 1\n', block],
    ['nothing', '', block],
    ['a comment alone', '# roles\n', block],
    ['a document marker alone', '---\n', block],
  ]
  for (const [name, text, added] of rows) t.equal(appendItem(text, item, false), text + added, name)
  t.end()
})

t.test('a flow list stays a flow list', (t) => {
  const rows: readonly (readonly [name: string, text: string, expected: string])[] = [
    ['one line', '[{rolearn: a}]\n', `[{rolearn: a}, ${flow}]\n`],
    ['a trailing comma', '[{rolearn: a}, ]', `[{rolearn: a}, ${flow}, ]`],
    [
      'a line an item',
      '[\n  {rolearn: a}, # why\n  {rolearn: c} # so\n]\n',
      `[\n  {rolearn: a}, # why\n  {rolearn: c},\n  ${flow} # so\n]\n`,
    ],
    ['JSON', '[{"rolearn":"a"}]', `[{"rolearn":"a"}, ${flow}]`],
    ['a list in the list', '[[a] ]', `[[a], ${flow} ]`],
    ['a pair in the list', '[a: b ]', `[a: b, ${flow} ]`],
    ['an alias in the list', '[&a {rolearn: a}, *a ]\n', `[&a {rolearn: a}, *a, ${flow} ]\n`],
    ['a comment inside', '[ # none\n]\n', `[${flow} # none\n]\n`],
    ['a comment after', '[] # none\n', `[${flow}] # none\n`],
  ]
  for (const [name, text, expected] of rows) t.equal(appendItem(text, item, false), expected, name)
  t.end()
})

t.test('a placeholder of an empty list is replaced', (t) => {
  for (const text of ['[]', '[]\n', ' [ ]\n', 'null', '~\n']) t.equal(appendItem(text, item, false), block, text)
  t.equal(appendItem('# roles\nnull\n', item, false), `# roles\n${block}`)
  for (const text of ['""', "''", '``', ' \n']) t.equal(appendItem(text, item, true), block, text)
  t.end()
})

t.test('nothing is added if that would change the rest', (t) => {
  const rows: readonly (readonly [name: string, text: string])[] = [
    ['no YAML', '- [\n'],
    ['a map', 'rolearn: a\n'],
    ['a text', 'roles\n'],
    ['an end of the document', '- a\n...\n'],
    ['two documents', '- a\n---\n- b\n'],
    ['an alias that names nothing', '- *a\n'],
    ['spaces at the end, which would become a line of the text before', '- |+\n  x\n  '],
  ]
  for (const [name, text] of rows) t.equal(appendItem(text, item, false), null, name)
  t.end()
})

t.test('ambiguous text is quoted', (t) => {
  for (const text of [
    'yes',
    'n',
    '012',
    '1e3',
    'null',
    '',
    ' x',
    'a: b',
    '#',
    '*a',
    '&a',
    '{{x}}',
    "it's",
    '"',
    '\\',
    'é',
  ]) {
    for (const list of ['- a\n', '[a]\n']) t.same(parse(appendItem(list, { k: text }, false) ?? ''), ['a', { k: text }])
  }
  t.end()
})
