import { EMPTY_AWS_AUTH, parseAwsAuth, type AwsAuth } from '@aws-iam-authenticator/core'
import { test } from 'tap'

const gates = { sso: false }
const arn = (name: string | number): string => `arn:aws:iam::123456789012:user/${name}`
const entry = (name: string | number, username = `u-${name}`): string =>
  `- userarn: ${arn(name)}\n  username: ${username}\n  groups:\n  - team\n`
const COUNT = 40
const entries = Array.from({ length: COUNT }, (_, index) => entry(index))
const parse = (mapUsers: unknown, before: AwsAuth = EMPTY_AWS_AUTH, open = gates): AwsAuth =>
  parseAwsAuth({ mapUsers }, before, open)

/** The list with some entries taken out from there, and others in their place. */
function changed(from: number, removed: number, ...added: readonly string[]): string {
  const list = [...entries]
  list.splice(from, removed, ...added)
  return list.join('')
}

const before = parse(entries.join(''))

/** Reads a text with another one known; how many entries were taken from that one, as they were. */
function reread(text: string, earlier = before): { next: AwsAuth; kept: number; fresh: AwsAuth } {
  const next = parse(text, earlier)
  const known = new Set(earlier.users)
  return { next, kept: next.users.filter((user) => known.has(user)).length, fresh: parse(text) }
}

void test('entries before a change stay; those after it tell where they stand now', async (t) => {
  for (const [text, kept, name] of [
    [changed(20, 1, entry(20, 'other')), COUNT - 2, 'a value'],
    [changed(20, 0, entry('new')), 19, 'one more'],
    [changed(20, 1), 19, 'one less'],
    [[...entries, entry('new')].join(''), COUNT - 2, 'one more at the end'],
    [[entry('new'), ...entries].join(''), 0, 'one more at the start'],
    [`# who\n\n${entries.join('')}`, 0, 'a comment above'],
    [entries.join(''), COUNT - 1, 'nothing'],
  ] as const) {
    const { next, kept: counted, fresh } = reread(text)
    t.ok((next.known?.mapUsers?.patched ?? 0) > 0, `${name}: in part`)
    t.equal(counted, kept, name)
    t.same(next.users, fresh.users, name)
    t.same(next.problems, [], name)
  }
})

void test('a mistake is told with its line, and taken back', async (t) => {
  const bad = changed(20, 1, '- userarn: nobody\n  username: x\n')
  const { next, fresh } = reread(bad)
  t.same([next.users, next.problems], [fresh.users, fresh.problems])
  t.match(next.problems, [{ path: 'mapUsers[20].userarn', location: { line: 81 } }])
  t.same(reread(entries.join(''), next).next.users, before.users)
})

void test('a text that is no list keeps what was in force', async (t) => {
  const { next } = reread(changed(20, 1, 'text\n'))
  t.equal(next.users, before.users)
  t.equal(next.known?.mapUsers, undefined)
})

void test('what the first line says of all others is not overlooked', async (t) => {
  const { next, fresh } = reread([` ${entries[0]?.replaceAll(/\n(?=.)/g, '\n ')}`, ...entries.slice(1)].join(''))
  t.same([next.users, next.problems.length > 0], [before.users, true], 'lists of two columns are no list')
  t.same(next.problems, fresh.problems)
})

void test('an entry that stands for another one is read again', async (t) => {
  const earlier = parse(changed(1, 30, entry(1, '&u x'), ...entries.slice(2, 30), entry(30, '*u')))
  t.match(earlier.users[30], { username: 'x' })
  const { next } = reread(changed(30, 1, entry(30, '*u')), earlier)
  t.notOk(next.users.some(({ key }) => key.type === 'arn' && key.arn === arn(30)))
  t.equal(next.problems.length > 0, true)
})

void test('other gates take other entries', async (t) => {
  const sso = '- sso: {permissionSetName: A, accountID: "123456789012"}\n  username: x\n'
  const regular = '- sso:\n    permissionSetName: A\n    accountID: "123456789012"\n  username: x\n'
  for (const one of [sso, regular]) {
    const mapRoles = one + entries.join('').replaceAll('userarn', 'rolearn').replaceAll(':user/', ':role/')
    const open = parseAwsAuth({ mapRoles }, EMPTY_AWS_AUTH, { sso: true })
    const closed = parseAwsAuth({ mapRoles }, open, { sso: false })
    t.same([open.roles.length, closed.roles.length], [COUNT + 1, COUNT])
  }
})

void test('after many changes all is read at once: no entry keeps a text alive that is long gone', async (t) => {
  let last = before
  let whole = 0
  for (let index = 0; index < COUNT; index += 1) {
    last = reread(changed(index, 1, entry(index, 'other')), last).next
    const { patched = 0, text = '' } = last.known?.mapUsers ?? {}
    if (patched === 0) whole += 1
    t.ok(patched <= text.length / 2)
  }
  t.ok(whole > 1 && whole < COUNT / 2, `${whole} of ${COUNT} at once`)
})
