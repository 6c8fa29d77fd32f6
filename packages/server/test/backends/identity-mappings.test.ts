import { findEntry } from '@aws-iam-authenticator/core/mapping/mapping-index'
import { test } from 'tap'
import { IdentityMappings } from '../../src/backends/identity-mappings.ts'

const arnOf = (role: string): string => `arn:aws:iam::123456789012:role/${role}`

interface Written {
  readonly uid?: string
  readonly created?: string
  readonly username?: string
  readonly arn?: unknown
}

const object = (role: string, { uid = 'u1', created = '2024-01-01T00:00:00Z', username = 'u', arn }: Written = {}) => ({
  metadata: { uid, creationTimestamp: created },
  spec: { arn: arn ?? arnOf(role), username },
})

const usernameOf = (mappings: IdentityMappings, role: string): string | undefined => {
  const found = findEntry(mappings.index(), { canonicalArn: arnOf(role), userId: 'AROA', sessionName: '' })
  return found !== undefined && 'username' in found ? found.username : undefined
}

void test('objects appear, change and disappear', async (t) => {
  const mappings = new IdentityMappings()
  t.match(mappings.take('a', object('A', { username: 'a' })), {
    arn: arnOf('a'),
    isNew: true,
    errors: [],
    warnings: [],
  })
  t.equal(usernameOf(mappings, 'A'), 'a')
  const { isNew } = mappings.take('a', { ...object('A', { username: 'a' }), status: { canonicalARN: 'x' } })
  t.equal(isNew, false, 'only its status changed')
  mappings.take('a', object('B', { username: 'b' }))
  t.equal(usernameOf(mappings, 'A'), undefined)
  t.equal(usernameOf(mappings, 'B'), 'b')
  mappings.delete('a')
  mappings.delete('a')
  t.equal(usernameOf(mappings, 'B'), undefined)
  t.equal(mappings.objectCount, 0)
})

void test('no object maps an account', async (t) => {
  const mappings = new IdentityMappings()
  const spec = { arn: arnOf('a'), username: 'a', accounts: ['123456789012'], mapAccounts: ['123456789012'] }
  mappings.take('a', { ...object('A'), spec })
  t.equal(usernameOf(mappings, 'A'), 'a')
  t.equal(mappings.index().accounts.size, 0)
})

void test('a change creates another index without copying its tables', async (t) => {
  const mappings = new IdentityMappings()
  mappings.take('a', object('A'))
  const before = mappings.index()
  t.equal(mappings.index(), before)
  mappings.take('b', object('B'))
  t.not(mappings.index(), before)
  t.equal(mappings.index().rolesByArn, before.rolesByArn)
  t.equal(mappings.index().rolesByArn.size, 2)
})

void test('a bad object keeps its last good state as long as it is the same object', async (t) => {
  const mappings = new IdentityMappings()
  t.equal(mappings.take('new', object('X', { arn: 7 })).errors.length, 1)
  t.equal(mappings.errorCount, 1)
  mappings.take('a', object('A', { username: 'good' }))
  const { arn, errors } = mappings.take('a', object('A', { arn: 'nonsense' }))
  t.equal(arn, null)
  t.match(errors, [/nonsense.*stays/])
  t.equal(usernameOf(mappings, 'A'), 'good')
  t.equal(mappings.errorCount, 2)
  mappings.take('a', object('A', { arn: 'nonsense', uid: 'u2' }))
  t.equal(usernameOf(mappings, 'A'), undefined, 'another object of that name inherits nothing')
  mappings.take('a', object('A', { username: 'mended', uid: 'u2' }))
  t.equal(usernameOf(mappings, 'A'), 'mended')
  mappings.delete('new')
  t.equal(mappings.errorCount, 0)
})

void test('of objects with one ARN the one created last wins, in any order of arrival', async (t) => {
  const early = object('A', {
    username: 'early',
    created: '2024-01-01T00:00:00Z',
    arn: arnOf('A').toUpperCase().replace('ARN:AWS:IAM', 'arn:aws:iam'),
  })
  const late = object('A', { username: 'late', created: '2024-01-01T00:00:01Z' })
  for (const order of [
    ['z', 'a'],
    ['a', 'z'],
  ] as const) {
    const mappings = new IdentityMappings()
    const taken = order.map((name) => mappings.take(name, name === 'z' ? early : late))
    t.equal(usernameOf(mappings, 'A'), 'late')
    t.same(taken[0]?.warnings, [])
    t.match(taken[1]?.warnings, [/same ARN/])
    mappings.delete('a')
    t.equal(usernameOf(mappings, 'A'), 'early', 'the other one comes back')
  }
  const mappings = new IdentityMappings()
  for (const name of ['b', 'c', 'a']) mappings.take(name, object('A', { username: name }))
  t.equal(usernameOf(mappings, 'A'), 'c', 'created in the same second: the last name')
  mappings.take('c', object('A', { username: 'c', arn: 'nonsense' }))
  t.equal(usernameOf(mappings, 'A'), 'c', 'its last good state still counts')
})

const spec = (name: string, more: object) => ({
  metadata: { uid: name, creationTimestamp: '2024-01-01T00:00:00Z' },
  spec: { username: name, ...more },
})

void test('objects with conditions are matched before those without, and patterns by name', async (t) => {
  const mappings = new IdentityMappings()
  const find = (role: string, sessionName: string): unknown => {
    const found = findEntry(mappings.index(), { canonicalArn: arnOf(role), userId: 'AROA1', sessionName })
    return found !== undefined && 'username' in found ? found.username : undefined
  }
  t.same(mappings.take('a', spec('a', { arn: arnOf('A'), sessionNames: ['x*'] })).warnings, [])
  t.same(mappings.take('z', spec('z', { arn: arnOf('A') })).warnings, [])
  t.match(mappings.take('b', spec('b', { arn: arnOf('A'), sessionNames: ['x*'] })).warnings, [/no effect/])
  t.same([find('A', 'x1'), find('A', 'y')], ['b', 'z'])
  mappings.delete('b')
  t.same([find('A', 'x1'), find('A', 'y')], ['a', 'z'])
  mappings.delete('z')
  t.same([find('A', 'x1'), find('A', 'y')], ['a', undefined])

  const like = arnOf('ci-*')
  t.match(mappings.take('m', spec('m', { arnLike: like })), { arn: like, errors: [], warnings: [] })
  mappings.take('n', spec('n', { arnLike: arnOf('*') }))
  mappings.take('l', spec('l', { arnLike: like, principalId: 'AROA2' }))
  t.match(mappings.take('o', spec('o', { arnLike: like })).warnings, [/same pattern.*no effect/])
  t.same([find('ci-1', ''), find('other', ''), find('A', 'x1')], ['m', 'n', 'a'])
  for (const name of ['m', 'o', 'l']) mappings.delete(name)
  t.equal(find('ci-1', ''), 'n')
  mappings.delete('n')
  t.equal(mappings.index().patterns.size, 0)
})

void test('an object with unreadable conditions maps no one', async (t) => {
  for (const more of [
    { sessionNames: [] },
    { sessionNames: null },
    { sessionNames: 'a' },
    { sessionNames: [1] },
    { principalId: '' },
    { principalId: null },
    { principalId: 'AROA1:alice' },
    { principalTags: {} },
    { principalTags: { team: [] } },
    { orgId: '' },
    { ouPath: null },
    { sourceIdentity: ['a b'] },
    { principal_tags: { team: ['a'] } },
    { sessionName: 'a' },
    { arnLike: arnOf('*') },
  ]) {
    const mappings = new IdentityMappings()
    const { errors } = mappings.take('a', { metadata: {}, spec: { arn: arnOf('A'), username: 'u', ...more } })
    t.ok(errors.length > 0, JSON.stringify(more))
    t.equal(mappings.index().rolesByArn.size, 0)
  }
})
