import { EMPTY_AWS_AUTH, parseAwsAuth } from '../../src/mapping/aws-auth.ts'
import { findEntry } from '../../src/mapping/mapping-index.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'
import { parseDynamicFile } from '../../src/mapping/dynamic-file.ts'
import { test } from 'tap'

const parse = (data: Readonly<Record<string, unknown>>) => parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: true })
const like = (pattern: string, username = 'u'): string => `- {rolelike: "${pattern}", username: ${username}}\n`
const userLike = (pattern: string, username = 'u'): string => `- {userLike: "${pattern}", username: ${username}}\n`
const ROLE = 'arn:aws:iam::123456789012:role/'
const USER = 'arn:aws:iam::123456789012:user/'

function usernameOf(data: Readonly<Record<string, unknown>>, canonicalArn: string, sessionName = 'alice'): unknown {
  const found = findEntry(indexMappings(parse(data)).index, { canonicalArn, userId: 'AROA1', sessionName })
  return found !== undefined && 'username' in found ? found.username : undefined
}

void test('a pattern matches the roles of its account and partition, ignoring case', async (t) => {
  const data = { mapRoles: like(`${ROLE}CI-*-r?`) }
  for (const name of ['ci-a-r1', 'CI--R2', 'ci-a-b-rx']) t.equal(usernameOf(data, ROLE + name), 'u', name)
  for (const arn of [
    `${ROLE}ci-a-r`,
    `${ROLE}xci-a-r1`,
    `${ROLE}ci-a/b-r1`,
    `${USER}ci-a-r1`,
    'arn:aws:iam::123456789013:role/ci-a-r1',
    'arn:aws-cn:iam::123456789012:role/ci-a-r1',
    'arn:aws:sts::123456789012:federated-user/ci-a-r1',
    `x${ROLE}ci-a-r1`,
    '',
    '__proto__',
  ]) {
    t.equal(usernameOf(data, arn), undefined, arn)
  }
})

void test('users have paths, which a star does not cross', async (t) => {
  const data = { mapUsers: userLike(`${USER}dev/*`) }
  t.equal(usernameOf(data, `${USER}dev/alice`), 'u')
  for (const name of ['alice', 'dev/x/alice', 'ops/alice', 'dev'])
    t.equal(usernameOf(data, USER + name), undefined, name)
})

void test('patterns come after exact entries, and the first matching pattern wins', async (t) => {
  const data = {
    mapRoles:
      like(`${ROLE}*`, 'star') +
      like(`${ROLE}ci-*`, 'ci') +
      `- {rolearn: "${ROLE}ci-exact", username: exact}\n` +
      `- {sso: {permissionSetName: A, accountID: "123456789012"}, username: sso}\n`,
    mapUsers: `- {userarn: "${ROLE}listed", username: listed}\n`,
  }
  t.equal(usernameOf(data, `${ROLE}ci-1`), 'star')
  t.equal(usernameOf(data, `${ROLE}ci-exact`), 'exact')
  t.equal(usernameOf(data, `${ROLE}AWSReservedSSO_A_0123456789abcdef`), 'sso')
  t.equal(usernameOf(data, `${ROLE}listed`), 'listed', 'an ARN of mapUsers is for one principal too')
})

void test('if the conditions of a pattern fail, the next pattern is tried', async (t) => {
  const data = {
    mapRoles:
      `- {rolelike: "${ROLE}ci-*", sessionnames: "run-*", username: run}\n` +
      `- {rolelike: "${ROLE}ci-*", principalid: AROA2, username: two}\n` +
      like(`${ROLE}*`, 'rest'),
  }
  t.equal(usernameOf(data, `${ROLE}ci-1`, 'run-7'), 'run')
  t.equal(usernameOf(data, `${ROLE}ci-1`, 'alice'), 'rest')
  t.same(indexMappings(parse(data)).problems, [])
})

void test('a duplicate pattern is warned about', async (t) => {
  const twice = like(`${ROLE}ci-*`, 'first') + like(`${ROLE}CI-*`, 'second')
  t.match(indexMappings(parse({ mapRoles: twice })).problems, [
    { severity: 'warning', path: 'mapRoles[1]', message: /mapRoles\[0\]/ },
  ])
})

void test('a bad pattern rejects the entry', async (t) => {
  for (const pattern of [
    '',
    '*',
    'arn:*',
    'arn:aws:iam::*:role/x',
    'arn:aws:iam::12345678901?:role/x',
    'arn:aws:iam::12345678901:role/x',
    'arn:*:iam::123456789012:role/x',
    'arn:aws*:iam::123456789012:role/x',
    'arn:mars:iam::123456789012:role/x',
    'arn:aws:*::123456789012:role/x',
    'arn:aws:iam:*:123456789012:role/x',
    'arn:aws:iam::123456789012:*',
    'arn:aws:iam::123456789012:role*',
    'arn:aws:iam::123456789012:r*/x',
    'arn:aws:iam::123456789012:user/x',
    'arn:aws:sts::123456789012:assumed-role/x/*',
    'arn:aws:iam::123456789012:role/',
    'arn:aws:iam::123456789012:role/team/*',
    'arn:aws:iam::123456789012:role/*/x',
    'arn:aws:iam::123456789012:role/x y',
    'arn:aws:iam::123456789012:role/[ab]',
    'arn:aws:iam::123456789012:role/a|b',
    'arn:aws:iam::123456789012:role/.*\\n',
    `arn:aws:iam::123456789012:role/${'a'.repeat(129)}`,
  ]) {
    const { roles, problems } = parse({ mapRoles: like(pattern.replaceAll('\\', '\\\\')) })
    t.same(roles, [], pattern)
    t.ok(
      problems.some(({ severity }) => severity === 'error'),
      pattern,
    )
  }
  const arn = `${ROLE}a`
  for (const text of [
    `- {rolelike: "${arn}", rolearn: "${arn}", username: u}`,
    `- {rolelike: "${arn}", sso: {permissionSetName: A, accountID: "123456789012"}, username: u}`,
    `- {userlike: "${USER}*", username: u}`,
    '- {rolelike: null, username: u}',
    '- {rolelike: [a], username: u}',
  ]) {
    t.same(parse({ mapRoles: text }).roles, [], text)
  }
})

void test('the role path in a pattern is never dropped', async (t) => {
  const read = parseAwsAuth({ mapRoles: like(`${ROLE}team/*`) }, EMPTY_AWS_AUTH, { sso: true, rolePaths: true })
  t.same(read.roles, [])
})

void test('the dynamic file accepts patterns if entries are found by ARN', async (t) => {
  const text = JSON.stringify({ mapRoles: [{ rolelike: `${ROLE}ci-*`, userid: 'AROA1', username: 'u' }] })
  t.match(parseDynamicFile(text, 'x', false), { file: { roles: [{ key: { type: 'like' } }] }, problems: [] })
  t.match(parseDynamicFile(text, 'x', true), { file: { roles: [] }, problems: [{ severity: 'error' }] })
})

void test('the gate RolePathMatch', async (t) => {
  const data = { mapRoles: `- {rolearn: "${ROLE}team/x/Admin", username: u}\n` }
  const closed = parse(data)
  t.match(closed.problems, [{ severity: 'warning', path: 'mapRoles[0].rolearn', message: /RolePathMatch/ }])
  const open = parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: false, rolePaths: true })
  t.same(open.problems, [])
  const find = (lists: typeof open, canonicalArn: string) =>
    findEntry(indexMappings(lists).index, { canonicalArn, userId: 'AROA1', sessionName: 'a' })
  t.equal(find(closed, `${ROLE}Admin`), undefined)
  t.match(find(open, `${ROLE}Admin`), { username: 'u' })
  for (const name of ['x/Admin', 'team/x/Admin', 'Admin2', 'team']) t.equal(find(open, ROLE + name), undefined, name)
  t.equal(find(open, `${USER}Admin`), undefined)
  const user = { mapUsers: `- {userarn: "${USER}team/alice", username: u}\n` }
  const users = parseAwsAuth(user, EMPTY_AWS_AUTH, { sso: false, rolePaths: true })
  t.equal(find(users, `${USER}alice`), undefined, 'STS tells the path of a user')
  t.match(find(users, `${USER}team/alice`), { username: 'u' })
  t.same([users.problems, parse(user).problems], [[], []])
  const strict = JSON.stringify({ mapRoles: [{ rolearn: `${ROLE}team/Admin`, userid: 'AROA1', username: 'u' }] })
  t.same(parseDynamicFile(strict, 'x', true).problems, [], 'there a path is left aside')
})

void test('an invalid account id is warned about, and the entry stays so that old files still work', async (t) => {
  const data = { mapRoles: '- {rolearn: "arn:aws:iam::12345:role/Admin", username: u}\n' }
  t.match(parse(data), { roles: [{}], problems: [{ severity: 'warning', message: /12 digits/ }] })
})

void test('one ARN in both lists, and a duplicate permission set, are warned about', async (t) => {
  const arn = `${ROLE}Both`
  const both = {
    mapRoles: `- {rolearn: "${arn}", username: r}\n`,
    mapUsers: `- {userarn: "${arn}", username: u}\n`,
  }
  t.match(indexMappings(parse(both)).problems, [{ path: 'mapUsers[0]', message: /mapRoles\[0\]/ }])
  const narrower = { ...both, mapRoles: `- {rolearn: "${arn}", sessionnames: a, username: r}\n` }
  t.same(indexMappings(parse(narrower)).problems, [])
  const sso = '- {sso: {permissionSetName: A, accountID: "123456789012"}, username: a}\n'
  t.match(indexMappings(parse({ mapRoles: sso + sso })).problems, [
    { severity: 'warning', path: 'mapRoles[0]', message: /mapRoles\[1\]/ },
  ])
  t.match(parse({ mapAccounts: '["123456789012", "123456789012"]' }), {
    accounts: ['123456789012'],
    problems: [{ severity: 'warning', path: 'mapAccounts[1]' }],
  })
})
