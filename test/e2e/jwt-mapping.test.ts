import { textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { ACCOUNT, ADMIN, jwtConfiguration, startJwtSandbox } from './harness/jwt.ts'
import { tokenOf } from './harness/logins.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { userOf } from './harness/webhook.ts'

const ARN = `arn:aws:iam::${ACCOUNT}:role/Tagged`
const SUB = ADMIN.replace(/[^/]*$/, 'Tagged')
const V1 = 'authentication.k8s.io/v1'

async function usernameOf(server: TestServer, token: string): Promise<string | undefined> {
  return textAt(userOf(await server.review(token, V1)), 'username')
}

t.test('conditions and templates for JWTs decide, and change nothing for presigned tokens', async (t) => {
  const { aws, issuer, sign } = await startJwtSandbox(t)
  const entries = `
    - {rolearn: "${ARN}", username: "any:{{AccountID}}"}
    - {rolearn: "${ARN}", username: 'team:{{PrincipalTag "team"}}', principalTags: {team: [a, "system:masters"]}}
    - {rolearn: "${ARN}", username: "person:{{SourceIdentity}}", sourceIdentity: "*@example.com", orgId: o-a1b2c3d4e5}
`
  const configuration = jwtConfiguration(issuer).replace(/mapRoles:\n/, `mapRoles:${entries}`)
  const server = await startTestServer(t, { aws, configuration })
  await server.waitForLog(({ msg }) => msg === 'the keys of an issuer are loaded')
  const org = { org_id: 'o-a1b2c3d4e5' }
  for (const [claims, expected] of [
    [{}, `any:${ACCOUNT}`],
    [{ principal_tags: { team: 'a' } }, 'team:a'],
    [{ principal_tags: { team: 'b' }, request_tags: { team: 'a' } }, `any:${ACCOUNT}`],
    [{ source_identity: 'alice@example.com', ...org }, 'person:alice@example.com'],
    [{ source_identity: 'alice@example.com' }, `any:${ACCOUNT}`],
  ] as const) {
    t.equal(await usernameOf(server, sign(SUB, claims)), expected, JSON.stringify(claims))
  }
  t.equal(await usernameOf(server, sign(SUB, { principal_tags: { team: 'system:masters' } })), undefined)
  t.match(await server.waitForLog(({ msg }) => msg === 'access denied'), { reason: 'template' })
  const presigned = tokenOf(aws, `arn:aws:sts::${ACCOUNT}:assumed-role/Tagged/alice@example.com`)
  t.equal(await usernameOf(server, presigned), `any:${ACCOUNT}`)
})
