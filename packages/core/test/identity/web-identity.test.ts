import { test } from 'tap'
import { Refusal } from '../../src/errors/reasons.ts'
import { AWS_CLAIM, readWebIdentity } from '../../src/identity/web-identity.ts'

const ACCOUNT = '111122223333'

function claims(sub: unknown, aws: object = {}): unknown {
  return { sub, [AWS_CLAIM]: { aws_account: ACCOUNT, ...aws } }
}

void test('the canonical ARN of a role has no path, and that of a user keeps it', async (t) => {
  for (const [resource, canonical] of [
    ['role/Admin', 'role/Admin'],
    ['role/a/b/Admin', 'role/Admin'],
    [
      'role/aws-reserved/sso.amazonaws.com/eu-west-2/AWSReservedSSO_Admin_0123456789abcdef',
      'role/AWSReservedSSO_Admin_0123456789abcdef',
    ],
    ['user/alice', 'user/alice'],
    ['user/team/alice', 'user/team/alice'],
  ] as const) {
    t.match(readWebIdentity(claims(`arn:aws:iam::${ACCOUNT}:${resource}`)), {
      arn: `arn:aws:iam::${ACCOUNT}:${resource}`,
      canonicalArn: `arn:aws:iam::${ACCOUNT}:${canonical}`,
      kind: canonical.slice(0, 4),
      accountId: ACCOUNT,
      userId: '',
      sessionName: '',
      accessKeyId: '',
    })
  }
})

void test('claims about the principal are read where they apply', async (t) => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/Admin`
  const none = { sourceIdentity: undefined, identityStoreUserId: undefined, orgId: undefined, ouPaths: [] }
  t.match(readWebIdentity(claims(arn)), { web: { ...none, principalTags: new Map() } })
  const path = 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/'
  const all = {
    source_identity: 'alice@example.com',
    identity_store_user_id: '90676f2e-0001-7000-8000-000000000000',
    org_id: 'o-a1b2c3d4e5',
    ou_path: path,
    principal_tags: { team: 'payments', 'cost center': 'a b' },
    request_tags: { team: 'admins' },
  }
  t.match(readWebIdentity(claims(arn, all)), {
    web: {
      sourceIdentity: 'alice@example.com',
      identityStoreUserId: '90676f2e-0001-7000-8000-000000000000',
      orgId: 'o-a1b2c3d4e5',
      ouPaths: [path],
      principalTags: new Map([
        ['team', 'payments'],
        ['cost center', 'a b'],
      ]),
    },
  })
  t.match(readWebIdentity(claims(arn, { ou_path: [path, path] })), { web: { ouPaths: [path, path] } })
})

void test('a claim without the form that AWS gives it is a refusal', async (t) => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/Admin`
  for (const aws of [
    { source_identity: '' },
    { source_identity: 'a' },
    { source_identity: 'a:b' },
    { source_identity: 1 },
    { source_identity: null },
    { identity_store_user_id: 'a b' },
    { org_id: 'o-A' },
    { ou_path: '/' },
    { ou_path: [1] },
    { ou_path: {} },
    { principal_tags: 'team' },
    { principal_tags: [] },
    { principal_tags: { team: ['a'] } },
    { aws_account: 111122223333 },
    { aws_account: '111122223334' },
    { aws_account: '' },
  ]) {
    const outcome = readWebIdentity(claims(arn, aws))
    t.equal(outcome instanceof Refusal ? outcome.reason : 'granted', 'malformed_token', JSON.stringify(aws))
  }
  for (const nothing of [undefined, null, 1, 'a', [], {}]) t.type(readWebIdentity(nothing), Refusal)
})
