import { EMPTY_AWS_AUTH, findEntry, indexMappings, parseAwsAuth } from '@aws-iam-authenticator/core'
import { test } from 'tap'

function indexOf(data: Readonly<Record<string, unknown>>) {
  return indexMappings(parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: true }))
}

const role = (name: string, username: string): string =>
  `- {rolearn: "arn:aws:iam::123456789012:role/${name}", username: ${username}}\n`
const sso = (username: string): string =>
  `- {sso: {permissionSetName: A, accountID: "123456789012"}, username: ${username}}\n`
const SSO_ARN = 'arn:aws:iam::123456789012:role/AWSReservedSSO_A_0123456789abcdef'

void test('an entry is found by its whole ARN, without case', async (t) => {
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

void test('an entry with a path is not for the role of that name', async (t) => {
  const { index } = indexOf({ mapRoles: role('team/Admin', 'a') })
  t.equal(findEntry(index, 'arn:aws:iam::123456789012:role/Admin'), undefined)
})

void test('the later of two entries wins, and the earlier one is warned about', async (t) => {
  const { index, problems } = indexOf({
    mapRoles: role('Admin', 'first') + role('ADMIN', 'second') + role('admin', 'third'),
  })
  t.match(findEntry(index, 'arn:aws:iam::123456789012:role/Admin'), { username: 'third' })
  t.match(problems, [
    { severity: 'warning', path: 'mapRoles[0]', location: { line: 1 }, message: /mapRoles\[1\]/ },
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

void test('accounts are a set', async (t) => {
  t.same([...indexOf({ mapAccounts: '["123456789012", "123456789012"]' }).index.accounts], ['123456789012'])
})
