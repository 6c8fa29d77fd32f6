import { EMPTY_AWS_AUTH, parseAwsAuth } from '../../src/mapping/aws-auth.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'
import { nearestMisses, type NearMiss } from '../../src/mapping/nearest-misses.ts'
import { parseDynamicFile } from '../../src/mapping/dynamic-file.ts'
import type { BackendSnapshot } from '../../src/mapping/decide.ts'
import type { Identity } from '../../src/identity/caller-identity.ts'
import type { MappingLists } from '../../src/mapping/mapping-index.ts'
import { test } from 'tap'

const ROLE = 'arn:aws:iam::123456789012:role/'
const USER = 'arn:aws:iam::123456789012:user/'

function identityOf(canonicalArn: string, more: Partial<Identity> = {}): Identity {
  return {
    arn: canonicalArn,
    canonicalArn,
    kind: 'role',
    accountId: '123456789012',
    userId: 'AROA1',
    sessionName: 'alice',
    accessKeyId: 'ASIA1',
    ...more,
  }
}

const snapshotOf = (lists: MappingLists, mode: BackendSnapshot['mode'] = 'EKSConfigMap'): BackendSnapshot => {
  return { mode, index: indexMappings(lists).index, fault: null }
}
const awsAuth = (data: Readonly<Record<string, unknown>>): BackendSnapshot =>
  snapshotOf(parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: false }))
const roles = (...arns: readonly string[]): BackendSnapshot =>
  awsAuth({ mapRoles: arns.map((arn) => `- {rolearn: "${arn}", username: u}\n`).join('') })
const kinds = (misses: readonly NearMiss[]): string[] => misses.map(({ kind, path }) => `${kind} ${path}`)
const near = (arn: string, backend: BackendSnapshot, more: Partial<Identity> = {}): string[] =>
  kinds(nearestMisses(identityOf(arn, more), [backend]))

void test('each kind of near miss', async (t) => {
  t.same(near(`${ROLE}Admin`, roles(`${ROLE}team/x/ADMIN`)), ['role_path mapRoles[0]'])
  t.same(near(`${ROLE}Admin`, roles('arn:aws:iam::210987654321:role/Admin')), ['other_account mapRoles[0]'])
  t.same(near(`${ROLE}Admin`, roles('arn:aws:iam::12345:role/Admin')), ['other_account mapRoles[0]'])
  t.same(near(`${ROLE}Admin`, roles('arn:aws-us-gov:iam::123456789012:role/Admin')), ['other_partition mapRoles[0]'])
  t.same(near(`${ROLE}alice`, roles(`${USER}alice`)), ['other_kind mapRoles[0]'])
  t.same(near(`${USER}alice`, roles(`${ROLE}alice`)), ['other_kind mapRoles[0]'])
  t.same(near(`${ROLE}alice`, roles('arn:aws:iam::210987654321:user/alice')), [])
  t.same(near(`${USER}team/alice`, roles(`${USER}alice`)), ['similar_name mapRoles[0]'])
  t.same(near(`${ROLE}Admin`, awsAuth({ maproles: `- rolearn: ${ROLE}Admin\n  username: u\n` })), ['data_key maproles'])
})

void test('a rejected entry', async (t) => {
  for (const [data, message] of [
    [{ mapRoles: '- {rolearn: "arn:aws:sts::123456789012:assumed-role/Admin/alice", username: u}' }, /session/],
    [{ mapRoles: `- {rolearn: "${ROLE}Admin", username: 1}` }, /username/],
    [{ mapRoles: `- {rolearn: "${ROLE}Admin", username: u, groups: [1]}` }, /groups/],
    [{ mapUsers: `- {rolearn: "${ROLE}Admin", username: u}` }, /userarn/],
    [{ mapRoles: `- {rolearn: "${ROLE}Admin", username: u, sessionname: a}` }, /sessionname/],
  ] as const) {
    const [miss] = nearestMisses(identityOf(`${ROLE}Admin`), [awsAuth(data)])
    t.match(miss, { kind: 'rejected', entry: null, backend: 'EKSConfigMap', message }, JSON.stringify(data))
  }
  const sso = awsAuth({ mapRoles: '- {sso: {permissionSetName: A, accountID: "123456789012"}, username: u}' })
  const ofSet = `${ROLE}AWSReservedSSO_A_0123456789abcdef`
  const [miss] = nearestMisses(identityOf(ofSet), [sso])
  t.match(miss, { kind: 'rejected', message: /SSORoleMatch/ })
  for (const half of ['permissionSetName: A', 'accountID: "123456789012"', 'accountID: "123456789012", partition: aws'])
    t.same(near(ofSet, awsAuth({ mapRoles: `- {sso: {${half}}, username: u}` })), [], half)
  const gov = awsAuth({ mapRoles: '- {sso: {permissionSetName: A, accountID: "123456789012", partition: aws-us-gov}}' })
  t.same(near(ofSet.replace('aws', 'aws-us-gov'), gov), ['rejected mapRoles[0]'])
})

const sso = (more: string) =>
  snapshotOf(
    parseAwsAuth({ mapRoles: `- {sso: {permissionSetName: A, ${more}}, username: u}` }, EMPTY_AWS_AUTH, {
      sso: true,
    }),
  )

void test('a permission set of another partition or account', async (t) => {
  const gov = 'arn:aws-us-gov:iam::123456789012:role/AWSReservedSSO_A_0123456789abcdef'
  t.same(near(gov, sso('accountID: "123456789012"')), ['other_partition mapRoles[0]'])
  t.same(near(`${ROLE}AWSReservedSSO_A_0123456789abcdef`, sso('accountID: "210987654321"')), [
    'other_account mapRoles[0]',
  ])
})

void test('conditions that are not met', async (t) => {
  const data = {
    mapRoles:
      `- {rolearn: "${ROLE}Admin", principalid: AROA2, username: u}\n` +
      `- {rolelike: "${ROLE}A*", sessionnames: "b*", username: u}\n`,
  }
  t.same(near(`${ROLE}Admin`, awsAuth(data)), ['principal_id mapRoles[0]', 'session_name mapRoles[1]'])
  const strict = JSON.stringify({ mapRoles: [{ userid: 'AROA2', rolearn: `${ROLE}Admin`, username: 'u' }] })
  const { file } = parseDynamicFile(strict, 'x', true)
  t.same(near(`${ROLE}Admin`, snapshotOf(file ?? EMPTY_AWS_AUTH, 'DynamicFile')), ['principal_id mapRoles[0]'])
})

const NO_CLAIMS = {
  sourceIdentity: undefined,
  identityStoreUserId: undefined,
  orgId: undefined,
  ouPaths: [],
  principalTags: new Map(),
}
const JWT: Partial<Identity> = {
  userId: '',
  sessionName: '',
  accessKeyId: '',
  web: {
    sourceIdentity: 'alice',
    identityStoreUserId: undefined,
    orgId: 'o-a1b2c3d4e5',
    ouPaths: ['o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/'],
    principalTags: new Map([['team', 'secret']]),
  },
}
const BARE_JWT: Partial<Identity> = { ...JWT, web: NO_CLAIMS }

void test('conditions that a JWT does not meet', async (t) => {
  const missOf = (more: string, identity: Partial<Identity>): string => {
    const [miss] = nearestMisses(identityOf(`${ROLE}Admin`, identity), [
      awsAuth({ mapRoles: `- {rolearn: "${ROLE}Admin", username: u, ${more}}\n` }),
    ])
    return `${miss?.kind}: ${miss?.message.replace(/^.*?, but /, '')}`
  }
  for (const [more, expected] of [
    ['principalTags: {team: a}', 'principal_tags: its principalTags differ in team'],
    [
      'principalTags: {team: secret, stage: a}',
      'principal_tags: its principalTags differ in stage: the JWT has no such tag',
    ],
    ['orgId: o-a1b2c3d4e6', 'org_id: its orgId differs'],
    ['ouPath: "o-a1b2c3d4e5/*"', 'ou_path: none of its ouPath matches'],
    ['sourceIdentity: bob', 'source_identity: none of its sourceIdentity matches'],
    ['principalid: AROA2', 'principal_id: its principalid differs: a JWT has no unique id'],
    [
      'sessionnames: bob',
      'session_name: none of its sessionnames matches: a JWT has no session name, use sourceIdentity',
    ],
  ] as const) {
    t.equal(missOf(more, JWT), expected)
  }
  for (const more of ['orgId: o-a1b2c3d4e6', 'ouPath: "o-a1b2c3d4e5/*"'])
    t.match(missOf(more, BARE_JWT), /: the account is in no organization$/)
  t.match(missOf('sourceIdentity: bob', BARE_JWT), /: the JWT has no source identity$/)
  t.equal(
    missOf('orgId: o-a1b2c3d4e5, principalTags: {team: secret}', {}),
    'jwt_only: it applies to AWS-signed JWTs only, because of its principalTags, orgId',
  )
  const strict = JSON.stringify({ mapRoles: [{ userid: 'AROA1', rolearn: `${ROLE}Admin`, username: 'u' }] })
  const backend = snapshotOf(parseDynamicFile(strict, 'x', true).file ?? EMPTY_AWS_AUTH, 'DynamicFile')
  t.match(nearestMisses(identityOf(`${ROLE}Admin`, JWT), [backend]), [
    { message: /userid differs: a JWT has no unique id$/ },
  ])
})

void test('a misspelled name', async (t) => {
  for (const written of ['Admn', 'Admmin', 'Amdin', 'Admib', 'dmin', 'Admi', 'xAdmin', 'Adminx', 'Axmin', 'Admni']) {
    t.same(near(`${ROLE}Admin`, roles(ROLE + written)), ['similar_name mapRoles[0]'], written)
  }
  t.same(near(`${ROLE}production-admin`, roles(`${ROLE}production-amdmn`)), ['similar_name mapRoles[0]'])
  for (const far of ['Adm', 'Adm1n2', 'Other', '']) t.same(near(`${ROLE}Admin`, roles(ROLE + far)), [], far)
  t.same(near(`${ROLE}Admin`, roles('arn:aws:iam::210987654321:role/Admni')), [], 'nor in another account')
})

void test('a backend that is not enabled', async (t) => {
  const file = { ...roles(`${ROLE}Admin`), mode: 'MountedFile' } as const
  t.match(nearestMisses(identityOf(`${ROLE}Admin`), [roles()], [file]), [
    { kind: 'backend_not_asked', backend: 'MountedFile', path: 'mapRoles[0]', message: /^MountedFile mapRoles\[0\]/ },
  ])
  t.same(nearestMisses(identityOf(`${ROLE}Other`), [roles()], [file]), [], 'that has nothing for the identity')
  const unread = { mode: 'CRD', index: null, fault: null } as const
  t.same(nearestMisses(identityOf(`${ROLE}Admin`), [roles()], [unread]), [], 'that was never read')
})

void test('an entry that matches the identity is not a near miss', async (t) => {
  t.same(near(`${ROLE}Admin`, roles(`${ROLE}Admin`)), [])
  const fits = `- {rolearn: "${ROLE}Admin", principalid: AROA1, sessionnames: [a*], username: u}\n`
  t.same(near(`${ROLE}Admin`, awsAuth({ mapRoles: fits })), [])
  const strict = JSON.stringify({ mapRoles: [{ userid: 'AROA1', rolearn: `${ROLE}Admin`, username: 'u' }] })
  const { file } = parseDynamicFile(strict, 'x', true)
  t.same(near(`${ROLE}Admin`, snapshotOf(file ?? EMPTY_AWS_AUTH, 'DynamicFile')), [])
})

void test('an entry for an id only, or for root, is not a near miss', async (t) => {
  const strict = JSON.stringify({
    mapRoles: [
      { userid: 'AROA2', username: 'u' },
      { userid: 'AROA3', rolearn: 'arn:aws:iam::123456789012:root', username: 'u' },
      { userid: 'AROA4', rolearn: `${ROLE}Admin`, username: 'u' },
    ],
  })
  const { file } = parseDynamicFile(strict, 'x', true)
  t.same(near(`${ROLE}Admin`, snapshotOf(file ?? EMPTY_AWS_AUTH, 'DynamicFile')), ['principal_id mapRoles[2]'])
})

void test('short names', async (t) => {
  t.same(near(`${ROLE}abc`, roles(`${ROLE}abd`)), ['similar_name mapRoles[0]'])
  t.same(near(`${ROLE}ab`, roles(`${ROLE}abc`)), ['similar_name mapRoles[0]'])
  for (const written of ['abcd', 'xy']) t.same(near(`${ROLE}ab`, roles(ROLE + written)), [], written)
})

void test('at most three, the likeliest first', async (t) => {
  const backend = awsAuth({
    mapRoles: [
      `${ROLE}Admni`,
      'arn:aws:iam::210987654321:role/Admin',
      'arn:aws:iam::310987654321:role/Admin',
      `${ROLE}team/Admin`,
      'arn:aws:sts::123456789012:assumed-role/Admin/alice',
    ]
      .map((arn) => `- {rolearn: "${arn}", username: u}\n`)
      .join(''),
  })
  t.same(near(`${ROLE}Admin`, backend), ['rejected mapRoles[4]', 'role_path mapRoles[3]', 'other_account mapRoles[2]'])
})

void test('at most three, also with unmet conditions or many candidates', async (t) => {
  const unmet = Array.from({ length: 5 }, (_, id) => `- {rolearn: "${ROLE}Admin", principalid: X${id}, username: u}\n`)
  t.same(near(`${ROLE}Admin`, awsAuth({ mapRoles: unmet.join('') })), [
    'principal_id mapRoles[4]',
    'principal_id mapRoles[3]',
    'principal_id mapRoles[2]',
  ])
  const others = Array.from({ length: 40 }, (_, id) => `arn:aws:iam::${210_987_654_300 + id}:role/Admin`)
  const found = near(`${ROLE}Admin`, roles(...others))
  t.equal(found.length, 3)
  for (const miss of found) t.match(miss, /^other_account mapRoles\[\d+\]$/)
})

void test('no near miss and no mappings', async (t) => {
  t.same(near(`${ROLE}Admin`, roles(`${ROLE}Other`, `${USER}x`)), [])
  t.same(nearestMisses(identityOf(`${ROLE}Admin`), [{ mode: 'CRD', index: null, fault: null }]), [])
  t.same(near('arn:aws:iam::123456789012:root', roles(`${ROLE}root`)), [])
  t.same(near('', roles(`${ROLE}Admin`)), [])
})

void test('the number of compared names is limited', async (t) => {
  const names = Array.from({ length: 50 }, (_, index) => `${ROLE}Adx${10 + index}`)
  const many = roles(`${ROLE}Admni`, ...names, `${ROLE}team/Admin`)
  const found = (maxCompared?: number) => kinds(nearestMisses(identityOf(`${ROLE}Admin`), [many], [], maxCompared))
  t.same(found(20), ['role_path mapRoles[51]'], 'the same name is found by its index')
  t.same(found(), ['role_path mapRoles[51]', 'similar_name mapRoles[0]'])
})
