import { EMPTY_AWS_AUTH, parseAwsAuth } from '../../src/mapping/aws-auth.ts'
import { test } from 'tap'

const roleEntry = (name: string): string => `- rolearn: arn:aws:iam::123456789012:role/${name}\n  username: ${name}\n`
const USERS = '- userarn: arn:aws:iam::123456789012:user/u\n  username: u\n'
const parse = (data: Readonly<Record<string, unknown>>, before = EMPTY_AWS_AUTH) =>
  parseAwsAuth(data, before, { sso: false })
const before = parse({ mapRoles: roleEntry('a'), mapUsers: USERS, mapAccounts: '- "012345678901"\n' })

void test('the three lists', async (t) => {
  t.same(before.problems, [])
  t.match(before.roles, [{ username: 'a', path: 'mapRoles[0]', location: { source: 'aws-auth mapRoles', line: 1 } }])
  t.match(before.users, [{ username: 'u', path: 'mapUsers[0]' }])
  t.same(before.accounts, ['012345678901'])
})

void test('the ConfigMap of a cluster in GovCloud', async (t) => {
  const text = `- roleARN: arn:aws-us-gov:iam::123456789123:role/K8s-Admin
  username: iam-admin-{{SessionName}}
  groups:
    - system:masters
`
  t.match(parse({ mapRoles: text }), {
    problems: [],
    roles: [{ key: { arn: 'arn:aws-us-gov:iam::123456789123:role/k8s-admin' }, groups: ['system:masters'] }],
  })
})

void test('every notation of an empty list, and a missing key, remove the mappings', async (t) => {
  for (const text of ['', ' \n', '""', "''", '``', '[]', 'null', '~', '# none\n']) {
    t.match(parse({ mapRoles: text }, before), { roles: [], problems: [] }, JSON.stringify(text))
  }
  t.match(parse({}, before), { roles: [], users: [], accounts: [], problems: [] })
})

void test('a data key that is not a list keeps its previous entries, and only that key', async (t) => {
  for (const text of ['a: b', 'text', '1', '- [', '*nope', `...\n${roleEntry('b')}`, '"', '!!merge x', '{}']) {
    const { roles, users, accounts, problems } = parse({ mapRoles: text }, before)
    t.equal(roles, before.roles, text)
    t.same([users, accounts], [[], []], text)
    t.ok(
      problems.some(({ severity }) => severity === 'error'),
      text,
    )
    t.equal(parse({ mapUsers: text }, before).users, before.users, text)
    t.equal(parse({ mapAccounts: text }, before).accounts, before.accounts, text)
  }
  for (const value of [1, true, {}, { a: [] }]) t.equal(parse({ mapRoles: value }, before).roles, before.roles)
  t.same(parse({ mapRoles: null }, before).roles, [])
})

void test('a bad entry is rejected alone', async (t) => {
  for (const bad of ['- text\n', '- {}\n', '- {rolearn: 1}\n', '- {rolearn: a, roleARN: b}\n', '- {a: {{b}}}\n']) {
    const { roles, problems } = parse({ mapRoles: `${roleEntry('a')}${bad}${roleEntry('c')}` })
    t.same(
      roles.map(({ username, path }) => [username, path]),
      [
        ['a', 'mapRoles[0]'],
        ['c', 'mapRoles[2]'],
      ],
      bad,
    )
    t.ok(
      problems.some(({ severity, path }) => severity === 'error' && path.startsWith('mapRoles[1]')),
      bad,
    )
  }
})

const parseItem = (entry: string) => parse({ mapRoles: `- ${entry}\n` })

void test('of a key that is there twice in an entry the last one counts, with a warning', async (t) => {
  const arn = 'arn:aws:iam::123456789012:role'
  const { roles, problems } = parseItem(
    `{rolearn: "${arn}/x", username: a, groups: [a], rolearn: "${arn}/y", groups: }`,
  )
  t.match(roles, [{ key: { arn: `${arn}/y` }, username: 'a', groups: [] }])
  t.match(
    problems.map(({ severity, path, location: { column } }) => [severity, path, column]),
    [
      ['warning', 'mapRoles[0].rolearn', 13],
      ['warning', 'mapRoles[0].groups', 70],
    ],
  )
  t.match(parseItem(`{rolearn: "${arn}/x", username: a, <<: {username: b, username: c}}`).roles, [{ username: 'c' }])
  for (const both of [
    'groups: [a], Groups: [b]',
    'groups: [a], groups: [b], GROUPS: [c]',
    'principalid: A, principalid: B',
  ]) {
    const { roles: none, problems: found } = parseItem(`{rolearn: "${arn}/x", username: a, ${both}}`)
    t.same(none, [], both)
    t.equal(found.at(-1)?.severity, 'error', both)
  }
})

void test('groups that are not a list are none, with a warning that lint reports as an error', async (t) => {
  for (const groups of ['system:masters', '"a,b"', '1', 'true', '{a: b}']) {
    const { roles, problems } = parse({ mapRoles: `${roleEntry('a')}  groups: ${groups}\n` })
    t.match(roles, [{ username: 'a', groups: [] }], groups)
    t.match(problems, [{ severity: 'warning', path: 'mapRoles[0].groups', isMistake: true }], groups)
  }
  t.same(parse({ mapRoles: `${roleEntry('a')}  groups: [system:masters, 1]\n` }).roles, [])
})

void test('the first document counts', async (t) => {
  const mapRoles = `\ufeff---\n${roleEntry('b')}---\n${roleEntry('c')}`
  const { roles, problems } = parse({ mapRoles }, before)
  t.match(roles, [{ username: 'b' }])
  t.equal(roles.length, 1)
  t.match(problems, [{ severity: 'warning', location: { source: 'aws-auth mapRoles', line: 4 } }])
  t.match(parse({ mapRoles: `---\n---\n${roleEntry('c')}` }, before).roles, [])
})

void test('accounts are read as written, with leading zeros', async (t) => {
  const { accounts, problems } = parse({
    mapAccounts: '- 012345678901\n- "000000000012"\n- 123456789012\n- 12\n- x\n- {}\n',
  })
  t.same(accounts, ['012345678901', '000000000012', '123456789012'])
  t.equal(problems.length, 3)
})

void test('a data key that differs in case loads nothing, and is reported', async (t) => {
  t.match(parse({ maproles: roleEntry('a'), MAPUSERS: USERS, other: 'x' }), {
    roles: [],
    users: [],
    problems: [
      { severity: 'warning', path: 'maproles', message: /mapRoles/ },
      { severity: 'warning', path: 'MAPUSERS', message: /mapUsers/ },
    ],
  })
  t.equal(parse({ maproles: '', mapRoles: roleEntry('a') }).roles.length, 1)
})

void test('sso entries need the gate', async (t) => {
  const mapRoles = '- sso: {permissionSetName: A, accountID: "123456789012"}\n  username: a\n'
  t.equal(parse({ mapRoles }).roles.length, 0)
  t.equal(parseAwsAuth({ mapRoles }, EMPTY_AWS_AUTH, { sso: true }).roles.length, 1)
})

void test('entries share content by an alias', async (t) => {
  const text = `- &a {rolearn: "arn:aws:iam::123456789012:role/a", username: a, groups: &g [x]}\n- {<<: *a, username: b}\n- {rolearn: "arn:aws:iam::123456789012:role/c", groups: *g, username: c}\n`
  t.match(parse({ mapRoles: text }), {
    problems: [],
    roles: [
      { username: 'a', groups: ['x'] },
      { username: 'b', groups: ['x'] },
      { username: 'c', groups: ['x'] },
    ],
  })
})

void test('a long text without a valid entry is read to the end', async (t) => {
  t.equal(parse({ mapRoles: '- {}\n'.repeat(60_000) }).problems.length, 101)
  t.equal(parse({ mapRoles: `- &a {}\n${'- *a\n'.repeat(1_000)}` }).problems.length, 101)
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join(', ')
  t.equal(parse({ mapRoles: `- {${keys}}\n${roleEntry('a')}` }).roles.length, 1)
})
