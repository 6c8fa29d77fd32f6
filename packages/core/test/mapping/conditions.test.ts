import { EMPTY_AWS_AUTH, parseAwsAuth, type AwsAuth } from '../../src/mapping/aws-auth.ts'
import { findEntry } from '../../src/mapping/mapping-index.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'
import { test } from 'tap'
import { covers } from '../../src/mapping/conditions.ts'

const ARN = 'arn:aws:iam::123456789012:role/Admin'
const parse = (text: string): AwsAuth => parseAwsAuth({ mapRoles: text }, EMPTY_AWS_AUTH, { sso: true })
const entry = (more: string, username = 'u'): string => `- {rolearn: "${ARN}", username: ${username}${more}}\n`

function usernameOf(text: string, { userId = 'AROA1', sessionName = 'alice', canonicalArn = ARN } = {}): unknown {
  const found = findEntry(indexMappings(parse(text)).index, { canonicalArn, userId, sessionName })
  return found !== undefined && 'username' in found ? found.username : undefined
}

void test('principalid must equal the unique id, including case', async (t) => {
  const text = entry(', principalId: AROA1')
  t.equal(usernameOf(text), 'u')
  for (const userId of ['AROA2', 'aroa1', 'AROA11', '', 'AROA1:alice'])
    t.equal(usernameOf(text, { userId }), undefined, userId)
})

void test('sessionnames are patterns; one must match the whole name, including case', async (t) => {
  for (const text of [
    entry(', sessionnames: [ci-*, "alice?"]'),
    entry(', SessionNames: [bob, "alice?", "c?-*"]'),
    `- rolearn: ${ARN}\n  sessionNames:\n    - alice?\n    - ci-*\n  username: u\n`,
  ]) {
    for (const sessionName of ['ci-', 'ci-1', 'alice1']) t.equal(usernameOf(text, { sessionName }), 'u', sessionName)
    for (const sessionName of ['alice', 'xci-1', 'CI-1', '', 'alice12', 'ci'])
      t.equal(usernameOf(text, { sessionName }), undefined, sessionName)
  }
  const one = entry(', sessionnames: "*@example.com"')
  t.equal(usernameOf(one, { sessionName: 'a@example.com' }), 'u')
  t.equal(usernameOf(one, { sessionName: 'a@example.com.evil' }), undefined)
})

void test('if conditions fail the search continues; of matching entries the later one wins', async (t) => {
  const text =
    entry('', 'everyone') +
    entry(', sessionnames: "a*"', 'a') +
    entry(', sessionnames: alice', 'alice') +
    entry(', principalid: AROA2', 'two')
  t.equal(usernameOf(text), 'alice')
  t.equal(usernameOf(text, { sessionName: 'anna' }), 'a')
  t.equal(usernameOf(text, { sessionName: 'bob' }), 'everyone')
  t.equal(usernameOf(text, { userId: 'AROA2' }), 'two')
  t.same(parse(text).problems, [])
  t.same(indexMappings(parse(text)).problems, [], 'each has its case')
  const accounts = parseAwsAuth(
    { mapRoles: entry(', principalid: AROA2'), mapAccounts: '["123456789012"]' },
    EMPTY_AWS_AUTH,
    { sso: false },
  )
  t.equal(findEntry(indexMappings(accounts).index, { canonicalArn: ARN, userId: 'AROA1', sessionName: '' }), undefined)
})

const paths = (text: string): string[] => indexMappings(parse(text)).problems.map(({ path }) => path)

void test('an entry that can never match is warned about', async (t) => {
  t.same(paths(entry(', sessionnames: a') + entry('')), ['mapRoles[0]'])
  t.same(paths(entry('') + entry(', sessionnames: a') + entry('')), ['mapRoles[0]', 'mapRoles[1]'])
  t.same(paths(entry(', sessionnames: [a]') + entry(', sessionnames: [b, a]')), ['mapRoles[0]'])
  t.same(paths(entry(', sessionnames: [a, b]') + entry(', sessionnames: [b]')), [])
  t.same(paths(entry(', principalid: AROA1') + entry(', principalid: AROA1, sessionnames: a')), [])
  t.same(paths(entry(', principalid: AROA1, sessionnames: a') + entry(', principalid: AROA1')), ['mapRoles[0]'])
  const far = entry(', sessionnames: a', 'x') + entry(', sessionnames: b') + entry(', sessionnames: a', 'z')
  t.same(paths(far), ['mapRoles[0]'])
  t.equal(usernameOf(far, { sessionName: 'a' }), 'z')
  t.equal(usernameOf(far, { sessionName: 'b' }), 'u')
})

void test('a misspelled or empty condition rejects the entry and is never ignored', async (t) => {
  for (const more of [
    'principalid: ',
    'principalid: ""',
    'principalid: null',
    'principalid: 1',
    'principalid: [AROA1]',
    'principalid: "AROA1:alice"',
    'principalid: "AROA1 "',
    'principalid: AROA1, principalId: AROA1',
    'sessionnames: ',
    'sessionnames: null',
    'sessionnames: ""',
    'sessionnames: []',
    'sessionnames: [""]',
    'sessionnames: [a, null]',
    'sessionnames: {a: b}',
    'sessionnames: 1',
    'sessionnames: "^alice$"',
    'sessionnames: "a/b"',
    'sessionnames: [a, "b c"]',
    `sessionnames: "${'a'.repeat(65)}"`,
    'sessionname: alice',
    'session_names: alice',
    'session: alice',
    'sesionnames: alice',
    'principal-id: AROA1',
    'principal: AROA1',
    'prinicpalid: AROA1',
  ]) {
    const { roles, problems } = parse(entry(`, ${more}`))
    t.same(roles, [], more)
    t.ok(
      problems.some(({ severity }) => severity === 'error'),
      more,
    )
  }
  t.equal(parse(entry(', description: for alice')).roles.length, 1, 'any other key has no effect')
})

const users = (more: string) =>
  parseAwsAuth({ mapUsers: `- {userarn: "arn:aws:iam::123456789012:user/u", username: u, ${more}}` }, EMPTY_AWS_AUTH, {
    sso: false,
  }).users.length

void test('only role sessions have a session name', async (t) => {
  t.equal(users('principalid: AIDA1'), 1)
  t.equal(users('sessionnames: alice'), 0)
})

void test('conditions work with sso too', async (t) => {
  const text =
    '- {sso: {permissionSetName: A, accountID: "123456789012"}, sessionnames: "*@example.com", username: sso}\n'
  const canonicalArn = 'arn:aws:iam::123456789012:role/AWSReservedSSO_A_0123456789abcdef'
  t.equal(usernameOf(text, { canonicalArn, sessionName: 'a@example.com' }), 'sso')
  t.equal(usernameOf(text, { canonicalArn, sessionName: 'a@example.org' }), undefined)
})

const NO_JWT_CONDITIONS = { principalTags: null, orgId: null, ouPaths: null, sourceIdentities: null }
const of = (principalId: string | null, ...names: string[]) => ({
  principalId,
  sessionNames: names.length === 0 ? null : names,
  ...NO_JWT_CONDITIONS,
})

void test('conditions that include others', async (t) => {
  t.ok(covers(null, of('A', 'x')))
  t.notOk(covers(of('A'), null))
  t.ok(covers(of('A'), of('A', 'x')))
  t.notOk(covers(of('A'), of('B')))
  t.ok(covers(of(null, '*'), of('A')))
  t.notOk(covers(of(null, 'x'), of(null)))
})
