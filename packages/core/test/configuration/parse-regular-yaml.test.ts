import { test } from 'tap'
import { regularYamlSteps } from '../../src/configuration/parse-regular-yaml.ts'
import { parseAnyYaml, parseYaml, yamlSteps } from '../../src/configuration/parse-yaml.ts'
import type { TreeNode } from '../../src/configuration/tree.ts'
import { finish } from '../../src/steps.ts'

/** What a node is, and where; the source where the value does not say it. */
function seen(node: TreeNode | null): unknown {
  if (node === null || node.kind === 'alias') return node
  if (node.kind === 'list') return { at: node.offset, items: node.items.map(seen) }
  if (node.kind === 'map') {
    return { at: node.offset, pairs: node.pairs.map(({ value, ...key }) => [key, seen(value)]) }
  }
  const { value, source, offset } = node
  return { at: offset, value, source: typeof value === 'string' ? value : source }
}

const REGULAR = [
  '- a\n- b\n',
  '  - a\n  - b\n',
  '- a\n  ',
  '- a: b \n  c: d\n   \n    ',
  '# first\n\n- a # why\n# between\n- b\n  # last',
  '- "a # b" # why\n- \'c: d\'\n- ""\n',
  '- a#b\n- x:y\n- 012\n- 12\n',
  '- rolearn: arn:aws:iam::123456789012:role/A\n  username: "{{SessionName}}"\n  groups:\n  - g\n  - "h"\n',
  '- rolearn: a\n  groups:\n    - g\n    # why\n    - h\n  username: u\n',
  '- "k": v\n  \'l\': w\n',
  '- sso:\n    permissionSetName: A\n    accountID: "123456789012"\n  username: u\n',
  '- groups: []\n- groups: [ ]\n- groups: [a, "b", \'c\' ,d/e] # why\n',
]

void test('a text of the usual form has the very tree that any other parser makes of it', async (t) => {
  for (const text of REGULAR) {
    const tree = finish(regularYamlSteps(text))
    t.not(tree, null, text)
    const { contents, error } = parseAnyYaml(text)
    t.equal(error, null, text)
    t.same(seen(tree), seen(contents), text)
  }
})

const OTHER_FORMS = [
  ['no list', 'a: b\n'],
  ['nothing', ''],
  ['a tab', '- a:\tb\n'],
  ['a dash in another column', '- a\n - b\n'],
  ['no dash', '- a\nb: c\n'],
  ['a line that is no key', '- a: b\n  - c\n'],
  ['a word as a key', '- true: b\n'],
  ['a key that is a pattern', '- a:\n    {b: c}\n'],
  ['a map below a map below a map', '- a:\n    b:\n      c: d\n'],
  ['a key without a value at the end', '- a:\n'],
  ['a key without a value before another', '- a:\n  b: c\n'],
  ['maps in a list in a map', '- a:\n  - b: c\n'],
  ['a list without an end', '- a: [b\n'],
  ['a map in a list in brackets', '- a: [b: c]\n'],
  ['words in a list in brackets', '- a: [b c]\n'],
  ['a truth in a list in brackets', '- a: [b, true]\n'],
  ['a key in a list in brackets', '- a: [b:]\n'],
  ['nothing between commas', '- a: [b, , c]\n'],
  ['a comma at the end', '- a: [b, ]\n'],
  ['a bracket in quotes before a comment that is none', '- a: ["b] # c"]\n'],
  ['a truth', '- False\n'],
  ['a text with a colon', '- "a": b: c\n'],
  ['another number', '- 1e3\n'],
  ['a date', '- 2001-01-01\n'],
  ['an alias', '- &a b\n- *a\n'],
  ['a text of several lines', '- |\n  a\n'],
  ['more behind quotes', '- "a" b\n'],
  ['an escape', '- "a\\n"\n'],
  ['a quote in quotes', "- 'it''s'\n"],
] as const

void test('whatever is of another form is left to the parser that knows it', async (t) => {
  for (const [name, text] of OTHER_FORMS) {
    t.equal(finish(regularYamlSteps(text)), null, name)
    t.same(parseYaml(text).error, parseAnyYaml(text).error, name)
    t.same(seen(parseYaml(text).contents), seen(parseAnyYaml(text).contents), name)
  }
  t.match(parseYaml('- a: ["b] # c"]\n').contents, {
    items: [{ pairs: [{ value: { items: [{ value: 'b] # c', offset: 6 }] } }] }],
  })
})

void test('a long list is read in steps, in order', async (t) => {
  const values = Array.from({ length: 100 }, (_, index) => `v${index}`)
  for (const text of [values.map((value) => `- ${value}\n`).join(''), JSON.stringify(values)]) {
    const steps = yamlSteps(text)
    let step = steps.next()
    let count = 0
    for (; step.done !== true; step = steps.next()) count += 1
    t.equal(count, text.startsWith('[') ? 3 : 6, text.slice(0, 10))
    const { contents } = step.value
    t.same(contents?.kind === 'list' && contents.items.map((item) => item.kind === 'scalar' && item.value), values)
  }
})
