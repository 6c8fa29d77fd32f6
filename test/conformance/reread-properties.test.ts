import { EMPTY_AWS_AUTH, parseAwsAuth, type AwsAuth, type MappingEntry } from '@aws-iam-authenticator/core'
import * as fc from 'fast-check'
import { test } from 'tap'
import { LocatedDocument } from '../../packages/core/src/configuration/located-document.ts'
import { parseAnyYaml } from '../../packages/core/src/configuration/parse-yaml.ts'
import { entriesSteps, regularEntriesSteps } from '../../packages/core/src/mapping/parse-lists.ts'
import { finish } from '../../packages/core/src/steps.ts'
import { holds } from './holds.ts'

const runs = { seed: 20_261_127, numRuns: Number(process.env['PROPERTY_RUNS'] ?? 1_500) }
const gates = { sso: true }

const groups = fc.constantFrom(
  '',
  '  groups:\n  - team\n',
  '  groups:\n    - system:masters\n    - "b"\n',
  '  groups: [a, b]\n',
  "  groups: ['a'] # of the team\n",
)
const gap = fc.constantFrom('', '', '', '\n', '# the next\n', '  # indented\n', '    # deep\n\n', '   \n')
const name = fc.constantFrom('a', 'b', 'c', 'node:{{SessionName}}')
const conditions = fc.constantFrom(
  '',
  '',
  '',
  '',
  '  sessionnames: [x, "y*"]\n',
  '  principalid: AROAXXXXXXXXXXXXXXXXX\n',
)
const key = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.nat(30).map((number) => `rolearn: arn:aws:iam::123456789012:role/${number}\n`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'sso:\n    permissionSetName: A\n    accountID: "123456789012"\n',
      'rolelike: "arn:aws:iam::123456789012:role/ci-*"\n',
    ),
  },
)
const item = fc
  .tuple(key, name, groups, conditions, gap)
  .map(([first, username, below, more, after]) => `- ${first}  username: ${username}\n${below}${more}${after}`)

/** What takes the form away, or makes something wrong. */
const odd = fc.constantFrom(
  '- rolearn: 1\n',
  '- rolearn: arn:aws:iam::123456789012:role/x\n',
  '- &x {}\n',
  '- *x\n',
  '  x\n',
  'x\n',
  '---\n',
  '...\n',
  '- text\n',
  '-\n',
  ' - a: b\n',
  '\t\n',
  '# \u00e4\n',
  '# \ud83d\ude00\n',
  '- "\n',
  '"\n',
  "'\n",
  '- rolearn: arn:aws:iam::123456789012:role/x\n  username: |\n    x\n',
  '- rolearn: arn:aws:iam::123456789012:role/x\n  username: x\n  groups:\n',
)
const sign = fc.constantFrom(...' \n\t\r:-#"\'[]{}a0'.split(''))

/** A change of a list that is split before the lines of its entries. */
type Change = (items: readonly string[]) => readonly string[]
const place = fc.nat(10_000)
const at = (spot: number, items: readonly unknown[]): number => spot % (items.length + 1)
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(place, fc.nat(2), fc.array(item, { maxLength: 2 })).map(
      ([spot, removed, added]): Change =>
        (items) =>
          items.toSpliced(at(spot, items), removed, ...added),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, place).map(
      ([spot, target]): Change =>
        (items) =>
          items.toSpliced(at(target, items), 0, ...items.slice(at(spot, items), at(spot, items) + 2)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, odd).map(
      ([spot, text]): Change =>
        (items) =>
          items.toSpliced(at(spot, items), 0, text),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(place, fc.nat(3), fc.oneof(fc.constant(''), sign))
      .map(([spot, removed, added]): Change => (items) => {
        const text = items.join('')
        const from = spot % (text.length + 1)
        return (text.slice(0, from) + added + text.slice(from + removed)).split(/^(?=- )/m)
      }),
  },
  {
    weight: 1,
    arbitrary: gap.map((text): Change => (items) => [text, ...items]),
  },
  { weight: 1, arbitrary: fc.constant<Change>((items) => [items.join('').replace(/\n+$/, '')]) },
  { weight: 1, arbitrary: fc.constant<Change>((items) => [items.join('').replaceAll(/^(?=.)/gm, ' ')]) },
)
const scenario = fc.record({
  items: fc.oneof(
    { weight: 4, arbitrary: fc.array(item, { minLength: 8, maxLength: 24 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(item, fc.integer({ min: 8, max: 24 }))
        .map(([one, times]) => Array.from({ length: times }, () => one)),
    },
  ),
  // Each state is the one before it changed, or the first one changed: somebody takes a mistake back.
  steps: fc.array(fc.tuple(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 2 })), {
    minLength: 1,
    maxLength: 5,
  }),
})

/** All but what a later reading makes use of. */
function seen({ known, ...rest }: AwsAuth): unknown {
  return [rest, known === undefined]
}

function areTheSame(one: AwsAuth, other: AwsAuth): boolean {
  return JSON.stringify(seen(one)) === JSON.stringify(seen(other))
}

void test('a list that is read with another one known is the list as it is read afresh', async (t) => {
  let [readings, spared, moved] = [0, 0, 0]
  holds(
    t,
    fc.property(scenario, ({ items, steps }) => {
      let now: readonly string[] = items
      let last = parseAwsAuth({ mapRoles: items.join('') }, EMPTY_AWS_AUTH, gates)
      const seenEntries = new Set<MappingEntry>(last.roles)
      return steps.every(([fromFirst, changes]) => {
        now = changes.reduce<readonly string[]>((before, each) => each(before), fromFirst ? items : now)
        const mapRoles = now.join('')
        const next = parseAwsAuth({ mapRoles }, last, gates)
        const fresh = parseAwsAuth({ mapRoles }, { ...last, known: {} }, gates)
        readings += 1
        if (last.roles !== next.roles && next.roles.some((entry) => seenEntries.has(entry))) spared += 1
        if (next.known?.mapRoles?.patched !== 0 && next.known?.mapRoles !== undefined) moved += 1
        for (const entry of next.roles) seenEntries.add(entry)
        last = next
        return areTheSame(next, fresh)
      })
    }),
    runs,
  )
  t.comment(`${readings} readings, ${moved} in part, ${spared} of them with entries that stayed where they were`)
  t.ok(moved > readings / 5, `${moved} of ${readings} readings were in part`)
  t.ok(spared > readings / 10, `${spared} of ${readings} kept entries`)
})

void test('entries that are read one by one, and their mistakes, are those of the whole that yaml makes', async (t) => {
  const rules = { kind: 'role', ...gates, sessionArns: false, commaLists: false } as const
  let [taken, good, bad] = [0, 0, 0]
  holds(
    t,
    fc.property(scenario, ({ items, steps }) => {
      const changes = steps.flatMap(([, some]) => some)
      const text = changes.reduce<readonly string[]>((before, each) => each(before), items).join('')
      const read = finish(regularEntriesSteps(text, { source: 'x', key: 'mapRoles', rules }))
      if (read === null) return true
      const whole = new LocatedDocument(text, 'x', 'yaml', parseAnyYaml(text))
      const list = { ...whole.root, step: 'mapRoles' }
      const { entries, unusable } = finish(entriesSteps(whole, list, rules)) ?? {}
      const starts = whole.items(list)?.map(({ offset }) => text.lastIndexOf('\n', (offset ?? 0) - 1) + 1)
      taken += 1
      good += read.entries.length
      bad += read.problems.length
      return (
        JSON.stringify([read.entries, read.unusable, read.problems, read.starts]) ===
        JSON.stringify([entries, unusable, whole.problems, starts])
      )
    }),
    runs,
  )
  t.ok(taken > runs.numRuns / 5, `${taken} of ${runs.numRuns} were of the form that is read so`)
  t.ok(Math.min(good, bad) > runs.numRuns / 20, `${good} entries were good, and there were ${bad} problems`)
})
