import * as fc from 'fast-check'
import { test } from 'tap'
import { parseJson } from '../../packages/core/src/configuration/parse-json.ts'
import { regularYamlSteps } from '../../packages/core/src/configuration/parse-regular-yaml.ts'
import { parseAnyYaml, parseYaml } from '../../packages/core/src/configuration/parse-yaml.ts'
import type { TreeNode } from '../../packages/core/src/configuration/tree.ts'
import { finish } from '../../packages/core/src/steps.ts'
import { holds } from './holds.ts'

const runs = { seed: 20_261_124, numRuns: Number(process.env['PROPERTY_RUNS'] ?? 4_000) }

/** All that readers of a tree can see. */
function seen(node: TreeNode | null): unknown {
  if (node === null) return null
  if (node.kind === 'scalar') {
    const { value, offset } = node
    // The source counts where the value is not the text itself.
    const source = typeof value === 'string' ? value : node.source
    return [typeof value, String(value), source, offset]
  }
  if (node.kind === 'list') return ['list', node.offset, ...node.items.map(seen)]
  if (node.kind === 'map') return ['map', node.offset, ...node.pairs.map(({ value, ...key }) => [key, seen(value)])]
  return ['alias', node.name, node.offset]
}

/** Whether a tree is the one that `yaml` makes of the text. */
function isTheSame(tree: TreeNode, text: string): boolean {
  const { contents, error } = parseAnyYaml(text)
  return error === null && JSON.stringify(seen(tree)) === JSON.stringify(seen(contents))
}

/** The first, but now and then the other. */
function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 24, arbitrary: usual }, { weight: 1, arbitrary: odd })
}

const GOOD = [
  'arn:aws:iam::123456789012:role/Admin',
  '"{{x}} # y"',
  "'a: b'",
  'a b',
  'a#b',
  'x:{{y}}',
  '0123',
  '""',
  '[]',
  '[a, "b"]',
]

const oddScalar = fc.oneof(
  fc.constantFrom(
    'arn:aws:iam::123456789012:role/Admin',
    '"arn:aws:iam::123456789012:role/x"',
    "'a {{SessionName}}'",
    'system:node:{{EC2PrivateDNSName}}',
    '012345678901',
    '123456789012',
    '"123456789012"',
    'true',
    'null',
    'Null',
    'nullable',
    'yes',
    '1e3',
    '0x1F',
    '0o17',
    '1.5',
    '2pac',
    '12:30:45',
    '""',
    "''",
    'a b',
    'a#b',
    'a #b',
    'a:b',
    'a: b',
    'a:',
    '[]',
    '[ ]',
    '[a, b]',
    '[ system:masters , "b c",\'d\']',
    '[a, ]',
    '[a b]',
    '[a: b]',
    '[null]',
    '{}',
    '*a',
    '&a b',
    '!x y',
    '|',
    '>-',
    '-',
    '- a',
    '?',
    '~',
    '.nan',
    '"a\\n"',
    "'a''b'",
    '@x',
    '`x`',
    '%x',
    'x"y',
    "x'y",
    'x, y',
    'x]y',
    '<<',
    '\u00e4',
    '"\u00e4"',
  ),
  fc.string({ unit: fc.constantFrom(...'ab01_:/.-#\'"{}[],&*! '.split('')), maxLength: 6 }),
)
const scalar = mostly(fc.constantFrom(...GOOD), oddScalar)
const key = mostly(
  fc.constantFrom('rolearn', 'username', '"groups"', "'userid'"),
  fc.constantFrom('null', 'true', '<<', 'a b', 'a:b', '1', '"x y"'),
)
const comment = mostly(fc.constantFrom('', '', ' # c', '  #', ' #x: y', ' '), fc.constant('#z'))
const gap = mostly(
  fc.constantFrom('', '', '\n', '# c\n', '  # c\n', '      # c\n', '   \n'),
  fc.constantFrom('\t\n', '---\n', '...\n', 'x\n', '      x\n'),
)
const spaces = mostly(fc.constantFrom('', '  '), fc.constant('\t'))
const step = mostly(fc.constantFrom(2, 0, 4), fc.constant(1))

/** A pair of a map in some column, with what is below its key. */
const pair = fc.record({
  key,
  value: scalar,
  end: comment,
  gap,
  step,
  spaces,
  below: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ value: scalar, end: comment, gap, spaces }), { minLength: 1, maxLength: 3 }),
    },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ key, value: scalar, end: comment, gap }), { minLength: 1, maxLength: 3 }),
    },
  ),
})
const item = fc.record({
  dash: mostly(fc.constantFrom('- ', '-   '), fc.constantFrom('-', '-\n  ')),
  pairs: fc.array(pair, { maxLength: 4 }),
  text: scalar,
  gap,
  shift: mostly(fc.constant(0), fc.constant(1)),
})

function write(
  items: readonly (typeof item extends fc.Arbitrary<infer T> ? T : never)[],
  indent: number,
  ends: boolean,
): string {
  let text = ''
  for (const { dash, pairs, text: alone, gap: after, shift } of items) {
    const start = ' '.repeat(indent) + dash
    const pad = ' '.repeat(start.length - start.lastIndexOf('\n') - 1)
    text += start
    if (pairs.length === 0) text += `${alone}\n`
    for (const [index, each] of pairs.entries()) {
      const column = index === 0 ? '' : pad + ' '.repeat(shift)
      if (each.below === null) text += `${column}${each.key}: ${each.spaces}${each.value}${each.end}\n${each.gap}`
      else {
        text += `${column}${each.key}:${each.end}\n${each.gap}`
        for (const below of each.below) {
          const inner = pad + ' '.repeat(each.step)
          text +=
            'key' in below
              ? `${inner}${below.key}: ${below.value}${below.end}\n${below.gap}`
              : `${inner}- ${below.spaces}${below.value}${below.end}\n${below.gap}`
        }
      }
    }
    text += after
  }
  return ends ? text : text.replace(/\n+$/, '')
}

const document = fc
  .tuple(fc.array(item, { minLength: 1, maxLength: 4 }), fc.constantFrom(0, 0, 0, 2), fc.boolean(), gap)
  .map(([items, indent, ends, before]) => before + write(items, indent, ends))

/** A document with some signs changed, put in or taken out. */
const changed = fc
  .tuple(
    document,
    fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...' \n\t:-#"\'[]{},&*!|>%@`?~ax0'.split(''))), {
      maxLength: 3,
    }),
  )
  .map(([text, changes]) => {
    let result = text
    for (const [place, removed, added] of changes) {
      const at = place % (result.length + 1)
      result = result.slice(0, at) + added + result.slice(at + removed)
    }
    return result
  })

void test('what the fast reader takes is what yaml makes of it', async (t) => {
  let taken = 0
  holds(
    t,
    fc.property(fc.oneof(document, changed), (text) => {
      const tree = finish(regularYamlSteps(text))
      if (tree !== null) taken += 1
      return tree === null || isTheSame(tree, text)
    }),
    runs,
  )
  t.ok(taken > runs.numRuns / 20, `${taken} of ${runs.numRuns} were of the form that it takes`)
})

void test('the forms that people and programs write are taken', async (t) => {
  for (const text of [
    '- rolearn: arn:aws:iam::123456789012:role/a\n  username: a\n  groups:\n    - system:masters\n',
    '- rolearn: arn:aws:iam::123456789012:role/a\n  username: a\n  groups:\n  - system:masters\n  - b\n',
    '- "groups":\n  - "system:bootstrappers"\n  - "system:nodes"\n  "rolearn": "arn:aws:iam::123456789012:role/a"\n  "username": "system:node:{{EC2PrivateDNSName}}"\n',
    "  - groups: [a, 'b']\n    rolearn: arn:aws:iam::123456789012:role/a # of the team\n\n  # the next\n  - sso:\n      permissionSetName: A\n      accountID: '123456789012'\n    username: x:{{SessionName}}\n",
    '# accounts\n- "123456789012"\n- 012345678901\n',
    '-   rolearn: x\n    groups: []\n- rolearn: y',
  ]) {
    const tree = finish(regularYamlSteps(text))
    t.ok(tree !== null && isTheSame(tree, text), JSON.stringify(text))
  }
})

void test('a list in JSON is what yaml makes of it', async (t) => {
  const space = fc.constantFrom('', '', ' ', '\n', '\n  ')
  const json = fc.tuple(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(0, 1, 2), space, space)
  let taken = 0
  holds(
    t,
    fc.property(json, ([value, indent, before, after]) => {
      const text = before + JSON.stringify(value, null, indent) + after
      const { contents, error } = parseYaml(text)
      if (parseJson(text).error === null) taken += 1
      return error === null && contents !== null && isTheSame(contents, text)
    }),
    runs,
  )
  t.ok(taken > 0)
})

void test('anything with brackets is what yaml makes of it', async (t) => {
  const sign = fc.constantFrom(
    ...'[]{},:"\'#&*!|-?x1 \n'.split(''),
    '""',
    '"a":',
    '": ',
    'null',
    '1e5',
    '-0',
    '\\n',
    '\\ud83d',
    '[]',
    '{}',
  )
  const text = fc.array(sign, { maxLength: 12 }).map((signs) => `[${signs.join('')}`)
  const value = fc.oneof(
    text,
    text.map((inner) => `${inner}]`),
  )
  holds(
    t,
    fc.property(
      value,
      (written) => JSON.stringify(seenOf(parseYaml(written))) === JSON.stringify(seenOf(parseAnyYaml(written))),
    ),
    runs,
  )
})

function seenOf({ contents, error }: ReturnType<typeof parseYaml>): unknown {
  return [seen(contents), error]
}
