import t from 'tap'
import { parse } from 'yaml'
import { suggestMapping } from '../../src/mapping/suggest-mapping.ts'

const ROLE = { canonicalArn: 'arn:aws:iam::123456789012:role/Team,A', kind: 'role' } as const

t.test('the suggestion has the form of the backend', (t) => {
  const entry = { rolearn: ROLE.canonicalArn, username: 'role:Team,A:{{SessionName}}', groups: ['GROUP'] }
  t.match(
    suggestMapping(ROLE, ['MountedFile', 'EKSConfigMap']),
    /^aws-iam-authenticator add role .*role\/Team,A --username '/,
  )
  t.strictSame(parse(suggestMapping(ROLE, ['MountedFile']) ?? ''), entry)
  t.notMatch(suggestMapping(ROLE, ['MountedFile']), '"')
  t.strictSame(JSON.parse(suggestMapping(ROLE, ['DynamicFile']) ?? ''), entry)
  t.match(parse(suggestMapping(ROLE, ['CRD']) ?? ''), {
    kind: 'IAMIdentityMapping',
    metadata: { name: 'role-team-a' },
    spec: { arn: ROLE.canonicalArn, groups: ['GROUP'] },
  })
  t.end()
})

t.test('a JWT has no session name', (t) => {
  const web = {
    sourceIdentity: 'alice',
    identityStoreUserId: undefined,
    orgId: undefined,
    ouPaths: [],
    principalTags: new Map(),
  }
  const usernameFor = (
    jwt: typeof web | (Omit<typeof web, 'sourceIdentity'> & { sourceIdentity: undefined }),
  ): unknown => parse(suggestMapping({ ...ROLE, web: jwt }, ['MountedFile']) ?? '')
  t.match(usernameFor(web), { username: 'role:Team,A:{{SourceIdentity}}' })
  t.match(usernameFor({ ...web, sourceIdentity: undefined }), { username: 'role:Team,A' })
  t.end()
})

t.test('an ARN that a shell could read as something else is not suggested', (t) => {
  for (const name of ["x'y", '$(reboot)/a', 'a b', 'a;b/c', '`a`', 'é', 'a'.repeat(300)]) {
    const canonicalArn = `arn:aws:iam::123456789012:user/${name}`
    t.equal(suggestMapping({ canonicalArn, kind: 'user' }, ['EKSConfigMap']), null, name)
  }
  t.equal(suggestMapping({ canonicalArn: 'arn:aws:iam::123456789012:root', kind: 'root' }, ['CRD']), null)
  t.end()
})
