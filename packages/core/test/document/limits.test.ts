import { test } from 'tap'
import { DOCUMENT_LIMITS } from '../../src/document/limits.ts'
import { LocatedDocument } from '../../src/document/located-document.ts'
import { parseJson } from '../../src/document/parse-json.ts'
import { parseYaml } from '../../src/document/parse-yaml.ts'
import type { Parsed } from '../../src/document/tree.ts'

const { length, tokens, aliases, values, mergedPairs, depth } = DOCUMENT_LIMITS

/** A list of this many scalars, which has one more value than that. */
const list = (count: number): string => `[${Array.from({ length: count }, () => '1').join(',')}]`

/** Two documents: the largest within a limit, and the smallest over it. */
const CASES: readonly (readonly [string, (text: string) => Parsed, string, string])[] = [
  ['length', parseYaml, `#${'x'.repeat(length - 1)}`, `#${'x'.repeat(length)}`],
  ['length, JSON', parseJson, `"${'x'.repeat(length - 2)}"`, `"${'x'.repeat(length - 1)}"`],
  ['tokens', parseYaml, '\n'.repeat(tokens), '\n'.repeat(tokens + 1)],
  ['aliases', parseYaml, `- &a 1\n${'- *a\n'.repeat(aliases)}`, `- &a 1\n${'- *a\n'.repeat(aliases + 1)}`],
  ['values, JSON', parseJson, list(values - 1), list(values)],
  // Each alias counts as itself and the 401 values of its list.
  [
    'values, aliases',
    parseYaml,
    `- &a ${list(400)}\n${'- *a\n'.repeat(900)}`,
    `- &a ${list(400)}\n${'- *a\n'.repeat(1_000)}`,
  ],
  ['merged pairs', parseYaml, merges(mergedPairs / 100), merges(mergedPairs / 100 + 1)],
  ['depth', parseYaml, nested(depth), nested(depth + 1)],
  // The parser itself runs out of stack.
  ['depth, flow', parseYaml, '[]', '['.repeat(16_000)],
  ['depth, block', parseYaml, '- 1', '- '.repeat(160_000)],
  ['depth, JSON', parseJson, nested(depth), nested(depth + 1)],
]

function merges(count: number): string {
  const pairs = Array.from({ length: 100 }, (_, index) => `k${index}: 1`)
  return `- &a {${pairs.join(', ')}}\n${'- {<<: *a }\n'.repeat(count)}`
}

function nested(levels: number): string {
  return `${'['.repeat(levels + 1)}${']'.repeat(levels + 1)}`
}

void test('a document at a limit is read; above it, the error names the limit', async (t) => {
  for (const [name, parse, within, over] of CASES) {
    t.equal(parse(within).error, null, `${name}: at the limit`)
    t.match(parse(over).error, { message: /\d+ .*the limit$/, isWhole: true }, `${name}: over the limit`)
  }
})

void test('the place where the limit is exceeded is reported', async (t) => {
  const document = new LocatedDocument('\n'.repeat(tokens + 1), 'x.yaml')
  t.match(document.problems, [{ severity: 'error', path: '', location: { line: tokens + 1, column: 1 } }])
})
