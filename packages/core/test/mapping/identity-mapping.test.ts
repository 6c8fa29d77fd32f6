import { parseIdentityMapping } from '../../src/mapping/identity-mapping.ts'
import { test } from 'tap'

const ARN = 'arn:aws:iam::123456789012:role/Admin'
const parse = (spec: unknown, rest: object = {}) =>
  parseIdentityMapping({ metadata: { name: 'x' }, spec, ...rest }, 'x')

void test('an object maps the canonical ARN of its spec', async (t) => {
  t.match(parse({ arn: ARN, username: 'u', groups: ['g'] }), {
    entry: { key: { type: 'arn', arn: ARN.toLowerCase() }, username: 'u', groups: ['g'], path: 'IAMIdentityMapping x' },
    errors: [],
    warnings: [],
  })
  for (const groups of [undefined, null, []])
    t.match(parse({ arn: ARN, username: 'u', groups }), { entry: { groups: [] } })
  const session = 'arn:aws:sts::123456789012:assumed-role/Admin/alice'
  t.match(parse({ arn: session, username: 'u' }), { entry: { key: { arn: ARN.toLowerCase() } } })
})

void test('the status is ignored', async (t) => {
  const status = { canonicalARN: 'arn:aws:iam::123456789012:role/other' }
  t.match(parse({ arn: ARN, username: 'u' }, { status }), { entry: { key: { arn: ARN.toLowerCase() } } })
})

void test('a bad object has no entry, and the reason is reported', async (t) => {
  for (const spec of [
    undefined,
    null,
    [],
    'text',
    {},
    { arn: ARN },
    { username: 'u' },
    { arn: 1, username: 'u' },
    { arn: '', username: 'u' },
    { arn: 'Admin', username: 'u' },
    { arn: 'arn:mars:iam::123456789012:role/x', username: 'u' },
    { arn: ARN, username: 1 },
    { arn: ARN, username: 'u', groups: 'g' },
    { arn: ARN, username: 'u', groups: [1] },
  ]) {
    const { entry, errors } = parse(spec)
    t.equal(entry, null, JSON.stringify(spec))
    t.ok(errors.length > 0, JSON.stringify(spec))
  }
})

void test('suspicious values are warned about', async (t) => {
  t.equal(parse({ arn: ARN, username: '', groups: ['{{X}}'] }).warnings.length, 2)
})

void test('a pattern instead of an ARN', async (t) => {
  for (const kind of ['role', 'user']) {
    t.match(parse({ arnLike: `arn:aws:iam::123456789012:${kind}/Dev-*`, username: 'u' }), {
      entry: { key: { type: 'like', prefix: `arn:aws:iam::123456789012:${kind}/`, glob: 'dev-*' }, conditions: null },
      errors: [],
    })
  }
})

void test('conditions are the same as for entries', async (t) => {
  const spec = { arn: ARN, username: 'u', principalId: 'AROA1', sessionNames: ['ci-*', 'bob'] }
  t.match(parse(spec), { entry: { conditions: { principalId: 'AROA1', sessionNames: ['ci-*', 'bob'] } }, errors: [] })
  t.match(parse({ arn: ARN, username: 'u', principalId: 'AROA1' }), {
    entry: { conditions: { principalId: 'AROA1', sessionNames: null } },
  })
  t.match(parse({ arnLike: `${ARN}-*`, username: 'u', sessionNames: ['a'] }), {
    entry: { key: { type: 'like' }, conditions: { principalId: null, sessionNames: ['a'] } },
  })
})

void test('conditions for JWTs are lists, except orgId', async (t) => {
  const spec = {
    arn: ARN,
    username: 'u',
    principalTags: { team: ['platform'], 'cost: center': ['1', '2'] },
    orgId: 'o-a1b2c3d4e5',
    ouPath: ['o-a1b2c3d4e5/r-ab12/*/'],
    sourceIdentity: ['alice'],
  }
  const { entry, errors } = parse(spec)
  t.same(errors, [])
  t.same(entry?.conditions, {
    principalId: null,
    sessionNames: null,
    principalTags: [
      { key: 'team', values: ['platform'] },
      { key: 'cost: center', values: ['1', '2'] },
    ],
    orgId: 'o-a1b2c3d4e5',
    ouPaths: ['o-a1b2c3d4e5/r-ab12/*/'],
    sourceIdentities: ['alice'],
  })
})

const USER = 'arn:aws:iam::123456789012:user/alice'

void test('an object with an unreadable key or condition has no entry, and the error has the place', async (t) => {
  for (const [spec, error] of [
    [{ arn: ARN, arnLike: ARN }, /^spec: has both arn and arnLike/],
    [{ arn: 1, arnLike: ARN }, /^spec: has both/],
    [{ arnLike: 1 }, /^spec\.arnLike: must be a string$/],
    [{ arnLike: null }, /^spec\.arnLike: must be a string$/],
    [{ arnLike: 'arn:aws:iam::*:role/x' }, /^spec\.arnLike: .* has no account/],
    [{ arnLike: 'arn:aws:iam::123456789012:role/team/*' }, /^spec\.arnLike: .* has a path/],
    [{ arn: ARN, principalId: 1 }, /^spec\.principalId: must be a string$/],
    [{ arn: ARN, principalId: null }, /^spec\.principalId: must be a string$/],
    [{ arn: ARN, principalId: '' }, /^spec\.principalId: "" is not a unique id/],
    [{ arn: ARN, principalId: 'AROA1:alice' }, /^spec\.principalId: .* has the name of a session/],
    [{ arn: ARN, sessionNames: 'a' }, /^spec\.sessionNames: must be a list of strings$/],
    [{ arn: ARN, sessionNames: ['a', 1] }, /^spec\.sessionNames: must be a list of strings$/],
    [{ arn: ARN, sessionNames: null }, /^spec\.sessionNames: must be a list of strings$/],
    [{ arn: ARN, sessionNames: [] }, /^spec\.sessionNames: is an empty list/],
    [{ arn: ARN, sessionNames: ['a b'] }, /^spec\.sessionNames: "a b" matches no session name/],
    [{ arn: USER, sessionNames: ['a'] }, /^spec\.sessionNames: applies to role sessions only/],
    [{ arnLike: `${USER}*`, sessionNames: ['a'] }, /^spec\.sessionNames: applies to role sessions only/],
    [{ arn: ARN, principalTags: null }, /^spec\.principalTags: must be a map of lists of strings$/],
    [{ arn: ARN, principalTags: ['team'] }, /^spec\.principalTags: must be a map/],
    [{ arn: ARN, principalTags: {} }, /^spec\.principalTags: is empty/],
    [{ arn: ARN, principalTags: { team: 'a' } }, /^spec\.principalTags\.team: must be a list of strings$/],
    [{ arn: ARN, principalTags: { team: [] } }, /^spec\.principalTags\.team: is an empty list/],
    [{ arn: ARN, principalTags: { team: ['a*'] } }, /^spec\.principalTags\.team: "a\*" is not the value of a tag/],
    [{ arn: ARN, principalTags: { 'te*m': ['a'] } }, /^spec\.principalTags: "te\*m": is not the key of a tag/],
    [{ arn: ARN, orgId: ['o-a1b2c3d4e5'] }, /^spec\.orgId: must be a string$/],
    [{ arn: ARN, orgId: '' }, /^spec\.orgId: "" is not the id of an organization/],
    [{ arn: ARN, ouPath: 'o-a/r-b/' }, /^spec\.ouPath: must be a list of strings$/],
    [{ arn: ARN, ouPath: [] }, /^spec\.ouPath: is an empty list/],
    [{ arn: ARN, ouPath: ['ou-ab12-11111111'] }, /^spec\.ouPath: .* is not the path of an organizational unit/],
    [{ arn: ARN, sourceIdentity: [''] }, /^spec\.sourceIdentity: "" matches no source identity/],
    [{ arn: USER, sourceIdentity: ['a'] }, /^spec\.sourceIdentity: applies to role sessions only/],
    [{ arn: ARN, orgId: 'o-a1b2c3d4e5', sessionNames: ['*'] }, /^spec\.sessionNames: is not for JWTs/],
    [{ arn: ARN, org_id: 'a' }, /^spec\.org_id: is not a known field \(did you mean orgId\?\)$/],
    [{ arn: ARN, sessionName: 'a' }, /^spec\.sessionName: is not a known field \(did you mean sessionNames\?\)$/],
  ] as const) {
    t.match(parse({ username: 'u', ...spec }), { entry: null, errors: [error] }, JSON.stringify(spec))
  }
})

void test('the path of a role, which STS leaves out', async (t) => {
  const spec = { arn: 'arn:aws:iam::123456789012:role/team/Admin', username: 'u' }
  t.match(parse(spec), {
    entry: { key: { arn: 'arn:aws:iam::123456789012:role/team/admin' } },
    warnings: [/^spec\.arn: .* never matches: .*Write arn:aws:iam::123456789012:role\/Admin/],
  })
  t.match(parse({ arn: 'arn:aws:sts::123456789012:assumed-role/team/Admin/alice', username: 'u' }), {
    entry: { key: { arn: 'arn:aws:iam::123456789012:role/team/admin' } },
    warnings: [/never matches: .*Write arn:aws:iam::123456789012:role\/admin, or/],
  })
  t.match(parseIdentityMapping({ spec }, 'x', { rolePaths: true }), {
    entry: { key: { arn: ARN.toLowerCase() } },
    warnings: [],
  })
})
