import { array, constant, constantFrom, integer, oneof, record, tuple, type Arbitrary } from 'fast-check'
import { MAX_PLACE, writeDraft, type DraftEntry, type DraftItem, type PlacedOddity } from './draft.ts'
import { ODDITIES } from './oddities.ts'
import type { AwsAuthData } from './reference.ts'

/** The data of an aws-auth, and the kinds of its oddities. */
export interface AwsAuthText {
  readonly data: AwsAuthData
  readonly kinds: readonly string[]
}

const ROLES = ['A', 'B', 'Admin', 'K8s-Admin'].map((name) => `arn:aws:iam::111122223333:role/${name}`)
const USERS = ['a', 'b', 'dev/c'].map((name) => `arn:aws:iam::111122223333:user/${name}`)
const USERNAMES = [
  'u',
  'alice',
  '"{{SessionName}}"',
  'aws:{{AccountID}}:instance:{{SessionName}}',
  "'a b'",
  'system:node:{{EC2PrivateDNSName}}',
]
const GROUPS = ['system:masters', 'view', '"system:nodes"', "'a b'", 'system:bootstrappers', 'dev team']
const ACCOUNTS = ['111122223333', '"012345678901"', '012345678901', "'444455556666'", '000000000000']

const groups = tuple(array(constantFrom(...GROUPS), { maxLength: 3 }), constantFrom('[', '\n- ', '\n  - ')).map(
  ([names, style]) => {
    return style === '[' || names.length === 0
      ? `[${names.join(', ')}]`
      : names.map((name) => `${style}${name}`).join('')
  },
)

function entry(arnKeys: readonly string[], arns: readonly string[]): Arbitrary<DraftEntry> {
  const parts = {
    arnKey: constantFrom(...arnKeys),
    arn: constantFrom(...arns),
    username: constantFrom(...USERNAMES),
    groups,
  }
  const order = constantFrom('arn username groups', 'username arn groups', 'groups username arn', 'arn username')
  return record({ ...parts, order, style: integer({ min: 0, max: 7 }) }).map(({ order: names, style, ...values }) => {
    const pairs = new Map([
      ['arn', { key: values.arnKey, value: values.arn }],
      ['username', { key: 'username', value: values.username }],
      ['groups', { key: 'groups', value: values.groups }],
    ])
    return { pairs: names.split(' ').flatMap((name) => pairs.get(name) ?? []), isFlow: style === 7 }
  })
}

const oddity: Arbitrary<PlacedOddity> = oneof(
  ...[...ODDITIES].map(([kind, oddities]) =>
    record({ kind: constant(kind), oddity: constantFrom(...oddities), place: integer({ min: 0, max: MAX_PLACE }) }),
  ),
)

const oddities: Arbitrary<readonly PlacedOddity[]> = oneof(
  { weight: 1, arbitrary: constant([]) },
  { weight: 12, arbitrary: tuple(oddity) },
  { weight: 6, arbitrary: tuple(oddity, oddity) },
  { weight: 2, arbitrary: tuple(oddity, oddity, oddity) },
)

/** Data of aws-auth with one odd list, odd in at most three ways. */
export const awsAuthTexts: Arbitrary<AwsAuthText> = record({
  mapRoles: array(entry(['rolearn', 'rolearn', 'roleARN'], ROLES), { maxLength: 3 }),
  mapUsers: array(entry(['userarn', 'userARN'], USERS), { maxLength: 2 }),
  mapAccounts: array(constantFrom(...ACCOUNTS), { maxLength: 3 }),
  placed: oddities,
  oddList: constantFrom('mapRoles', 'mapRoles', 'mapRoles', 'mapUsers', 'mapAccounts'),
}).map(({ placed, oddList, mapRoles, mapUsers, mapAccounts }) => {
  const write = (name: string, items: readonly DraftItem[]): string => writeDraft(items, name === oddList ? placed : [])
  const data = {
    mapRoles: write('mapRoles', mapRoles),
    mapUsers: write('mapUsers', mapUsers),
    mapAccounts: write('mapAccounts', mapAccounts),
  }
  return { data, kinds: placed.map(({ kind }) => kind) }
})
