import { EMPTY_AWS_AUTH, parseAwsAuth, type AwsAuth } from '../../src/mapping/aws-auth.ts'
import { AWS_CLAIM, readWebIdentity } from '../../src/identity/web-identity.ts'
import { covers } from '../../src/mapping/conditions.ts'
import { decide } from '../../src/mapping/decide.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'
import { parseDynamicFile } from '../../src/mapping/dynamic-file.ts'
import { Refusal } from '../../src/errors/reasons.ts'
import type { Conditions } from '../../src/mapping/entry.ts'
import type { Identity } from '../../src/identity/caller-identity.ts'
import type { MappingLists } from '../../src/mapping/mapping-index.ts'
import { test } from 'tap'

const ARN = 'arn:aws:iam::123456789012:role/Admin'
const OU = 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/'

/** The identity of a JWT, read from claims. */
function jwtOf(
  claims: Readonly<Record<string, unknown>> = {},
  sub = 'arn:aws:iam::123456789012:role/team/Admin',
): Identity {
  const identity = readWebIdentity({ sub, [AWS_CLAIM]: { aws_account: '123456789012', ...claims } })
  if (identity instanceof Refusal) throw new TypeError(identity.message)
  return identity
}

const PRESIGNED: Identity = {
  arn: 'arn:aws:sts::123456789012:assumed-role/Admin/alice',
  canonicalArn: ARN,
  kind: 'role',
  accountId: '123456789012',
  userId: 'AROA1',
  sessionName: 'alice',
  accessKeyId: 'ASIA1',
}

const FULL = jwtOf({
  principal_tags: { team: 'platform', 'cost: center': '42', stage: 'a-1' },
  org_id: 'o-a1b2c3d4e5',
  ou_path: [OU, 'o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/'],
  source_identity: 'alice@example.com',
  request_tags: { team: 'red', stage: 'prod' },
})

const parse = (text: string): AwsAuth => parseAwsAuth({ mapRoles: text }, EMPTY_AWS_AUTH, { sso: true })
const entry = (more: string, username = 'u'): string => `- {rolearn: "${ARN}", username: ${username}${more}}\n`
const errorsOf = (text: string): number => parse(text).problems.filter(({ severity }) => severity === 'error').length

function usernameIn(lists: MappingLists, identity: Identity): unknown {
  const backend = { mode: 'EKSConfigMap', index: indexMappings(lists).index, fault: null } as const
  const decision = decide(identity, [backend], new Map())
  return 'username' in decision ? decision.username : undefined
}
const usernameOf = (text: string, identity: Identity): unknown => usernameIn(parse(text), identity)

void test('each condition matches the claim of a JWT, and nothing of a presigned token', async (t) => {
  for (const more of [
    'principalTags: {team: platform}',
    'PRINCIPALTAGS: {team: [red, platform], "cost: center": "42"}',
    'principalTags: {stage: [a-1]}',
    'orgId: o-a1b2c3d4e5',
    `ouPath: "${OU}"`,
    'oupath: ["o-x/r-x/*", "o-a1b2c3d4e5/*/ou-ab12-2???????/"]',
    'sourceIdentity: "*@example.com"',
    'sourceidentity: [bob, "alice?example.com"]',
    'sourceIdentity: "*"',
    'principalTags: {team: platform}, orgId: o-a1b2c3d4e5, sourceIdentity: "*"',
  ]) {
    t.equal(errorsOf(entry(`, ${more}`)), 0, more)
    t.equal(usernameOf(entry(`, ${more}`), FULL), 'u', more)
    t.equal(usernameOf(entry(`, ${more}`), PRESIGNED), undefined, more)
    t.equal(usernameOf(entry(`, ${more}`), jwtOf()), undefined, `${more}, without the claim`)
  }
})

void test('each condition must match, including case', async (t) => {
  for (const more of [
    'principalTags: {Team: platform}',
    'principalTags: {team: Platform}',
    'principalTags: {team: platform, other: x}',
    'principalTags: {team: platform, stage: b}',
    'principalTags: {__proto__: x}',
    'orgId: o-a1b2c3d4e6',
    'ouPath: "o-a1b2c3d4e5/*"',
    'ouPath: "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111"',
    'sourceIdentity: Alice@example.com',
    'sourceIdentity: alice',
    'principalTags: {team: platform}, orgId: o-a1b2c3d4e6',
    'orgId: o-a1b2c3d4e5, sourceIdentity: bob',
  ]) {
    t.equal(usernameOf(entry(`, ${more}`), FULL), undefined, more)
  }
})

void test('request_tags, which the caller chooses, are never used', async (t) => {
  const caller = jwtOf({ request_tags: { team: 'platform' } })
  t.equal(usernameOf(entry(', principalTags: {team: platform}'), caller), undefined)
  t.equal(
    usernameOf(entry(', principalTags: {team: red}'), FULL),
    undefined,
    'also if there is a principal tag of the key',
  )
  t.equal(usernameOf(`- {rolearn: "${ARN}", username: 'u-{{PrincipalTag "team"}}'}`, caller), undefined)
})

void test('users have tags and an organization too', async (t) => {
  const arn = 'arn:aws:iam::123456789012:user/dev/bob'
  const bob = jwtOf({ org_id: 'o-a1b2c3d4e5', principal_tags: { team: 'dev' } }, arn)
  const users = (more: string): AwsAuth =>
    parseAwsAuth({ mapUsers: `- {userarn: "${arn}", username: bob, ${more}}` }, EMPTY_AWS_AUTH, { sso: false })
  t.equal(usernameIn(users('orgId: o-a1b2c3d4e5, principalTags: {team: dev}'), bob), 'bob')
  t.equal(users('sourceIdentity: bob').users.length, 0, 'only a session of a role has a source identity')
})

const strictFile = (entries: readonly object[]): MappingLists =>
  parseDynamicFile(JSON.stringify({ mapRoles: entries }), 'x', true).file ?? EMPTY_AWS_AUTH

void test('a JWT matches no entry by unique id or session name', async (t) => {
  for (const more of ['principalid: AROA1', 'sessionnames: "?*"', 'sessionnames: [alice, "a*"]'])
    t.equal(usernameOf(entry(`, ${more}`), FULL), undefined, more)
  t.equal(usernameOf(entry(', sessionnames: "*"'), FULL), 'u', 'any session name')
  t.equal(usernameIn(strictFile([{ userid: 'AROA1', username: 'u' }]), PRESIGNED), 'u')
  t.equal(usernameIn(strictFile([{ userid: 'AROA1', rolearn: ARN, username: 'u' }]), FULL), undefined)
  t.equal(strictFile([{ userid: '', rolearn: ARN, username: 'u' }]).roles.length, 0, 'an empty id')
})

void test('in the dynamic file, but not in strict mode', async (t) => {
  const text = JSON.stringify({
    mapRoles: [{ userid: 'AROA1', rolearn: ARN, username: 'u', principalTags: { team: ['platform'] } }],
  })
  t.equal(usernameIn(parseDynamicFile(text, 'x', false).file ?? EMPTY_AWS_AUTH, FULL), 'u')
  t.match(parseDynamicFile(text, 'x', true), {
    file: { roles: [] },
    problems: [{ severity: 'error', path: 'mapRoles[0].principalTags', message: /userid/ }],
  })
})

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(',')

void test('an invalid condition rejects the entry and is never ignored', async (t) => {
  for (const more of [
    'principalTags: ',
    'principalTags: null',
    'principalTags: {}',
    'principalTags: []',
    'principalTags: team',
    'principalTags: [team]',
    'principalTags: {team: }',
    'principalTags: {team: ""}',
    'principalTags: {team: []}',
    'principalTags: {team: [""]}',
    'principalTags: {team: [a, null]}',
    'principalTags: {team: 1}',
    'principalTags: {team: yes}',
    'principalTags: {team: {a: b}}',
    'principalTags: {"": a}',
    'principalTags: {"te*m": a}',
    'principalTags: {team: a, team: b}',
    'principalTags: {team: "a;b"}',
    'principalTags: {team: "plat*"}',
    `principalTags: {team: "${'a'.repeat(257)}"}`,
    `principalTags: {"${'a'.repeat(129)}": a}`,
    `principalTags: {${many(51, (index) => `k${index}: a`)}}`,
    `principalTags: {team: [${many(101, (index) => `v${index}`)}]}`,
    'principalTags: {team: a}, principaltags: {team: a}',
    'orgId: ',
    'orgId: ""',
    'orgId: [o-a1b2c3d4e5]',
    'orgId: "o-*"',
    'orgId: O-A1B2C3D4E5',
    'orgId: a1b2c3d4e5',
    'ouPath: ',
    'ouPath: ""',
    'ouPath: []',
    'ouPath: {a: b}',
    'ouPath: [1]',
    'ouPath: ou-ab12-11111111',
    'ouPath: "*"',
    'ouPath: "o-A1/r-x/"',
    `ouPath: "o-a/${'a'.repeat(481)}"`,
    `ouPath: [${many(101, (index) => `o-a/r-${index}/`)}]`,
    'sourceIdentity: ',
    'sourceIdentity: ""',
    'sourceIdentity: []',
    'sourceIdentity: "a b"',
    'sourceIdentity: true',
    `sourceIdentity: [${many(101, (index) => `v${index}`)}]`,
  ]) {
    t.same(parse(entry(`, ${more}`)).roles, [], more)
    t.ok(errorsOf(entry(`, ${more}`)) > 0, more)
  }
})

void test('a misspelled condition, or the name of a claim, rejects the entry', async (t) => {
  for (const key of [
    'principaltag',
    'principal_tags',
    'prinicpalTags',
    'principalOrgId',
    'tags',
    'tag',
    'requestTags',
    'request_tags',
    'org_id',
    'orgIds',
    'organizationId',
    'orgPath',
    'ou_path',
    'ouPaths',
    'ou',
    'ouId',
    'source_identity',
    'sourceIdentities',
    'sourceidentty',
    'identityStoreUserId',
    'identity_store_user_id',
  ]) {
    const isRejected = parse(entry(`, ${key}: x`)).roles.length === 0
    t.equal(isRejected, key !== 'ou', key)
  }
  for (const key of ['organization', 'source', 'owner', 'output', 'description'])
    t.equal(parse(entry(`, ${key}: x`)).roles.length, 1, `${key} has no effect`)
})

void test('an entry that no token could match is an error', async (t) => {
  for (const more of ['principalid: AROA1, orgId: o-a1b2c3d4e5', 'sessionnames: "*", principalTags: {team: a}'])
    t.same(parse(entry(`, ${more}`)).roles, [], more)
})

const paths = (text: string): string[] => indexMappings(parse(text)).problems.map(({ path }) => path)

void test('if conditions fail the search continues, and an entry that can never match is warned about', async (t) => {
  const text =
    entry('', 'everyone') +
    entry(', sourceIdentity: nobody', 'nobody') +
    entry(', principalTags: {team: [platform, red]}', 'team')
  t.same(paths(text), [])
  t.equal(usernameOf(text, FULL), 'team')
  t.equal(usernameOf(text, jwtOf()), 'everyone')
  t.equal(usernameOf(text, PRESIGNED), 'everyone')
  t.same(paths(entry(', principalTags: {team: [a]}') + entry(', principalTags: {team: [b, a]}')), ['mapRoles[0]'])
  t.same(paths(entry(', principalTags: {team: [b, a]}') + entry(', principalTags: {team: [a]}')), [])
})

const conditions = (more: Partial<Conditions>): Conditions => ({
  principalId: null,
  sessionNames: null,
  principalTags: null,
  orgId: null,
  ouPaths: null,
  sourceIdentities: null,
  ...more,
})

void test('conditions that include others', async (t) => {
  const [a, b] = [conditions({ orgId: 'a' }), conditions({ orgId: 'a', sourceIdentities: ['x'] })]
  const team = (...values: readonly string[]): Conditions => conditions({ principalTags: [{ key: 'team', values }] })
  t.ok(covers(null, a))
  t.notOk(covers(a, null))
  t.notOk(covers(a, conditions({ sessionNames: ['x'] })))
  t.notOk(covers(conditions({ sessionNames: ['x'] }), a))
  t.ok(covers(conditions({ sessionNames: ['*'] }), a))
  t.ok(covers(a, b))
  t.notOk(covers(b, a))
  t.notOk(covers(a, conditions({ orgId: 'b' })))
  t.ok(covers(conditions({ sourceIdentities: ['*'] }), b))
  t.notOk(covers(conditions({ sourceIdentities: ['*'] }), a))
  t.ok(covers(team('a', 'b'), team('b')))
  t.notOk(covers(team('b'), team('a', 'b')))
  t.notOk(covers(team('a'), conditions({ principalTags: [{ key: 'Team', values: ['a'] }] })))
  t.notOk(covers(team('a'), a))
  const many = Array.from({ length: 10 }, (_, index) => `v${index}`)
  const stage = { key: 'stage', values: ['x'] }
  t.ok(covers(team(...many), conditions({ principalTags: [stage, { key: 'team', values: ['v9', 'v1'] }] })))
  t.notOk(covers(team(...many), conditions({ principalTags: [{ key: 'team', values: ['v9', 'v10'] }] })))
  t.ok(covers(conditions({ ouPaths: ['a', 'b'] }), conditions({ ouPaths: ['b'], orgId: 'a' })))
  t.notOk(covers(conditions({ ouPaths: ['a'] }), a))
})
