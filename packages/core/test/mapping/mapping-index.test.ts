import { ArnMismatch, findEntry as findEntryOf, type MappingIndex } from '../../src/mapping/mapping-index.ts'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '../../src/mapping/aws-auth.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'
import { parseDynamicFile } from '../../src/mapping/dynamic-file.ts'
import { decide, type BackendSnapshot } from '../../src/mapping/decide.ts'
import { Refusal } from '../../src/errors/reasons.ts'
import type { Identity } from '../../src/identity/caller-identity.ts'
import { AWS_CLAIM, readWebIdentity } from '../../src/identity/web-identity.ts'
import { test } from 'tap'

function findEntry(index: MappingIndex, canonicalArn: string, userId = 'AROAOTHER') {
  return findEntryOf(index, { canonicalArn, userId, sessionName: 'alice' })
}

function indexOf(data: Readonly<Record<string, unknown>>) {
  return indexMappings(parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: true }))
}

const role = (name: string, username: string): string =>
  `- {rolearn: "arn:aws:iam::123456789012:role/${name}", username: ${username}}\n`
const sso = (username: string): string =>
  `- {sso: {permissionSetName: A, accountID: "123456789012"}, username: ${username}}\n`
const SSO_ARN = 'arn:aws:iam::123456789012:role/AWSReservedSSO_A_0123456789abcdef'

void test('an entry is found by its whole ARN, ignoring case', async (t) => {
  const { index, problems } = indexOf({ mapRoles: role('Admin', 'a') })
  t.same(problems, [])
  t.match(findEntry(index, 'arn:aws:iam::123456789012:role/Admin'), { username: 'a' })
  t.match(findEntry(index, 'ARN:AWS:IAM::123456789012:ROLE/ADMIN'), { username: 'a' })
  for (const arn of [
    'Admin',
    'arn:aws:iam::123456789012:role/Admin2',
    'arn:aws:iam::123456789012:role/x/Admin',
    '__proto__',
    '',
  ]) {
    t.equal(findEntry(index, arn), undefined, arn)
  }
})

void test('an entry with a path does not match the role of that name', async (t) => {
  const { index } = indexOf({ mapRoles: role('team/Admin', 'a') })
  t.equal(findEntry(index, 'arn:aws:iam::123456789012:role/Admin'), undefined)
})

void test('the later of two entries wins, and the earlier is warned about', async (t) => {
  const { index, problems } = indexOf({
    mapRoles: role('Admin', 'first') + role('ADMIN', 'second') + role('admin', 'third'),
  })
  t.match(findEntry(index, 'arn:aws:iam::123456789012:role/Admin'), { username: 'third' })
  t.match(problems, [
    { severity: 'warning', path: 'mapRoles[0]', location: { line: 1 }, message: /mapRoles\[2\]/ },
    { severity: 'warning', path: 'mapRoles[1]', location: { line: 2 }, message: /mapRoles\[2\]/ },
  ])
  t.match(findEntry(indexOf({ mapRoles: sso('first') + sso('second') }).index, SSO_ARN), { username: 'second' })
})

void test('roles before users, an exact ARN before a pattern', async (t) => {
  const arn = 'arn:aws:iam::123456789012:role/Admin'
  const both = indexOf({ mapRoles: role('Admin', 'role'), mapUsers: `- {userarn: "${arn}", username: user}` })
  t.match(findEntry(both.index, arn), { username: 'role' })
  const user = indexOf({ mapUsers: '- {userarn: "arn:aws:iam::123456789012:user/u", username: user}' })
  t.match(findEntry(user.index, 'arn:aws:iam::123456789012:user/u'), { username: 'user' })
  const exact = indexOf({
    mapRoles: sso('pattern') + role('AWSReservedSSO_A_0123456789abcdef', 'exact') + sso('pattern'),
  })
  t.match(findEntry(exact.index, SSO_ARN), { username: 'exact' })
})

void test('a role that is also among the users is warned about there, however many entries there are', async (t) => {
  const names = Array.from({ length: 1200 }, (_, index) => `r${index}`)
  const users = names.map((name) => role(name, 'user').replace('rolearn', 'userarn'))
  const mapRoles = names.map((name) => role(name, 'role')).join('')
  const { index, problems } = indexOf({ mapRoles, mapUsers: users.join('') })
  t.equal(problems.length, 1200)
  t.match(problems[1199], { severity: 'warning', path: 'mapUsers[1199]', message: /mapRoles\[1199\].*mapRoles comes/ })
  t.match(findEntry(index, 'arn:aws:iam::123456789012:role/r1199'), { username: 'role' })
  t.same(indexOf({ mapRoles: role('a', 'role'), mapUsers: users.join('') }).problems, [])
})

void test('accounts form a set', async (t) => {
  t.same([...indexOf({ mapAccounts: '["123456789012", "123456789012"]' }).index.accounts], ['123456789012'])
})

function strictIndexOf(content: object) {
  const { file } = parseDynamicFile(JSON.stringify(content), 'x.json', true)
  if (file === null) throw new TypeError('the file has errors')
  return indexMappings(file)
}

const ADMIN = 'arn:aws:iam::123456789012:role/Admin'

void test('in strict mode an entry is found by the whole user id, including case', async (t) => {
  const { index } = strictIndexOf({
    mapRoles: [{ userid: 'AROA1', username: 'role' }],
    mapUsers: [{ userid: 'AIDA1', username: 'user' }],
  })
  t.match(findEntry(index, ADMIN, 'AROA1'), { username: 'role' })
  t.match(findEntry(index, 'arn:aws:iam::123456789012:user/u', 'AIDA1'), { username: 'user' })
  for (const id of ['aroa1', 'AROA1:alice', 'AROA', '', '__proto__'])
    t.equal(findEntry(index, ADMIN, id), undefined, id)
})

void test('in strict mode the ARN of the entry must match too', async (t) => {
  const { index } = strictIndexOf({
    mapRoles: [
      { userid: 'AROA1', rolearn: 'arn:aws:iam::123456789012:role/team/x/ADMIN', username: 'path' },
      { userid: 'AROA2', rolearn: '', username: 'empty' },
      { userid: 'AROA3', rolearn: 'arn:aws:sts::123456789012:assumed-role/Admin/alice', username: 'session' },
    ],
    mapUsers: [{ userid: 'AIDA1', userarn: 'arn:aws:iam::123456789012:user/team/u', username: 'user' }],
  })
  t.match(findEntry(index, ADMIN, 'AROA1'), { username: 'path' })
  t.match(findEntry(index, ADMIN, 'AROA2'), { username: 'empty' })
  t.match(findEntry(index, ADMIN, 'AROA3'), { username: 'session' })
  t.match(findEntry(index, 'arn:aws:iam::123456789012:user/team/u', 'AIDA1'), { username: 'user' }, 'STS tells a path')
  for (const [arn, id] of [
    ['arn:aws:iam::123456789012:role/Other', 'AROA1'],
    ['arn:aws:iam::999999999999:role/Admin', 'AROA1'],
    ['arn:aws-cn:iam::123456789012:role/Admin', 'AROA1'],
    ['arn:aws:iam::123456789012:user/u', 'AIDA1'],
  ] as const) {
    const found = findEntry(index, arn, id)
    t.ok(found instanceof ArnMismatch, arn)
    t.match(found, { entry: { username: id === 'AIDA1' ? 'user' : 'path' } })
  }
  t.equal(findEntry(index, ADMIN), undefined, 'the ARN alone finds nothing')
})

void test('of two entries with one user id the later wins, and the earlier is warned about', async (t) => {
  const { index, problems } = strictIndexOf({
    mapRoles: [
      { userid: 'AROA1', username: 'first' },
      { userid: 'AROA1', username: 'second' },
    ],
  })
  t.match(findEntry(index, ADMIN, 'AROA1'), { username: 'second' })
  t.match(problems, [{ severity: 'warning', path: 'mapRoles[0]', message: /user id.*mapRoles\[1\]/ }])
})

const ACCOUNT = '123456789012'
const ARN = `arn:aws:iam::${ACCOUNT}:role/Admin`
const OTHER = `arn:aws:iam::${ACCOUNT}:role/Other`

function jwtOf(sub: string, aws: object = {}): Identity {
  const identity = readWebIdentity({ sub, [AWS_CLAIM]: { aws_account: ACCOUNT, ...aws } })
  if (identity instanceof Refusal) throw new TypeError(identity.message)
  return identity
}

function awsAuth(mapRoles: string, mapAccounts = '[]'): BackendSnapshot {
  const lists = parseAwsAuth({ mapRoles, mapAccounts }, EMPTY_AWS_AUTH, { sso: true })
  return { mode: 'EKSConfigMap', index: indexMappings(lists).index, fault: null }
}

function strictFile(...mapRoles: readonly object[]): BackendSnapshot {
  const { file } = parseDynamicFile(JSON.stringify({ mapRoles }), 'map.json', true)
  if (file === null) throw new TypeError('the file is rejected')
  return { mode: 'DynamicFile', index: indexMappings(file).index, fault: null }
}

const entryWith = (more: string, username: string): string => `- {rolearn: "${ARN}", username: ${username}${more}}\n`

/** The username, or the message of the refusal. */
function decideOn(identity: Identity, ...backends: readonly BackendSnapshot[]): string {
  const decision = decide(identity, backends, new Map())
  if (decision instanceof Refusal) return `${decision.reason}: ${decision.message}`
  return 'username' in decision ? decision.username : 'EC2'
}

void test('an entry that a JWT can not decide refuses it, whatever comes after', async (t) => {
  const jwt = jwtOf(ARN)
  for (const [more, key] of [
    [', sessionnames: ci-*', 'sessionnames'],
    [', principalid: AROA1', 'principalid'],
  ] as const) {
    const refused = new RegExp(`^not_mapped: EKSConfigMap mapRoles\\[1\\]: its ${key} may be for this login`)
    t.match(decideOn(jwt, awsAuth(entryWith('', 'admin') + entryWith(more, 'limited'))), refused)
    t.match(decideOn(jwt, awsAuth(entryWith('', 'admin') + entryWith(more, 'limited'), `["${ACCOUNT}"]`)), refused)
    const pattern = `- {rolelike: "arn:aws:iam::${ACCOUNT}:role/*", username: anyone}\n`
    t.match(decideOn(jwt, awsAuth(pattern + entryWith(more, 'limited'))), refused)
    t.match(
      decideOn(jwt, awsAuth(entryWith('', 'x') + entryWith(more, 'limited')), awsAuth(entryWith('', 'admin'))),
      refused,
    )
    t.equal(
      decideOn(jwt, awsAuth(entryWith(more, 'limited') + entryWith('', 'admin'))),
      'admin',
      'one that comes before it counts',
    )
    const person = jwtOf(ARN, { source_identity: 'alice' })
    const before = entryWith('', 'admin') + entryWith(more, 'limited') + entryWith(', sourceIdentity: "*"', 'by-name')
    t.equal(decideOn(person, awsAuth(before)), 'by-name')
    t.match(decideOn(jwt, awsAuth(before)), refused, 'without a source identity')
    t.equal(decideOn(jwtOf(OTHER), awsAuth(entryWith(more, 'limited'), `["${ACCOUNT}"]`)), OTHER, 'another role')
  }
  t.equal(decideOn(jwt, awsAuth(entryWith(', sessionnames: "*"', 'any'))), 'any', 'every session matches')
})

void test('an entry that is found by user id refuses the JWTs that it may be for', async (t) => {
  const admin = awsAuth(`${entryWith('', 'admin')}- {rolearn: "${OTHER}", username: other}\n`)
  const named = strictFile({ rolearn: ARN, userid: 'AROA1', username: 'limited' })
  t.match(decideOn(jwtOf(ARN), named, admin), /^not_mapped: DynamicFile mapRoles\[0\]: its userid may be/)
  t.equal(decideOn(jwtOf(OTHER), named, admin), 'other')
  const unnamed = strictFile({ userid: 'AROA1', username: 'limited' })
  t.match(decideOn(jwtOf(ARN), unnamed, admin), /^not_mapped: DynamicFile mapRoles\[0\]/)
  t.match(decideOn(jwtOf(OTHER), unnamed, admin), /^not_mapped: DynamicFile mapRoles\[0\]/)
  t.equal(decideOn(jwtOf(OTHER), admin, unnamed), 'other')
})
