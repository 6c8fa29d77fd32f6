import t, { type Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { startCluster } from './harness/cluster.ts'
import { eventually } from './harness/eventually.ts'
import { testFollowing } from './harness/follow.ts'
import { allowIdentityMappings } from './harness/identity-mappings.ts'
import { logIn, tokenOf } from './harness/logins.ts'
import { logSettled, startTestServer, type LogLine, type TestServer } from './harness/server.ts'
import { startAws } from './harness/webhook.ts'

const ACCOUNT = '111122223333'
const LIVE_MS = 1000

/** A token of a role session. STS leaves the path out of its ARN. */
function session(aws: SandboxAws, role: string, name: string): string {
  return tokenOf(aws, `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`)
}

/** Roles of the file, with every new key. */
const CONFIGURATION = `
clusterID: k8s.local
server:
  mapRoles:
    - rolearn: arn:aws:iam::${ACCOUNT}:role/team/platform/Admin
      username: admin
    - roleLike: arn:aws:iam::${ACCOUNT}:role/ci-*
      sessionNames: [run-*]
      username: ci-{{SessionName}}
    - rolelike: arn:aws:iam::${ACCOUNT}:role/c?-all
      username: all
    - rolearn: arn:aws:iam::${ACCOUNT}:role/ci-exact
      username: exact
  mapUsers:
    - userlike: arn:aws:iam::${ACCOUNT}:user/dev/*
      username: dev
`

async function startWith(t: Test, args: readonly string[] = []): Promise<[SandboxAws, TestServer]> {
  const aws = await startAws(t)
  return [aws, await startTestServer(t, { aws, configuration: CONFIGURATION, args })]
}

t.test('patterns and session names decide, in config.yaml', async (t) => {
  const [aws, server] = await startWith(t, ['--feature-gates=RolePathMatch=true'])
  for (const [token, expected] of [
    [session(aws, 'Admin', 'alice'), 'admin'],
    [session(aws, 'CI-build', 'run-7'), 'ci-run-7'],
    [session(aws, 'ci-build', 'RUN-7'), 'refused'],
    [session(aws, 'ci-all', 'alice'), 'all'],
    [session(aws, 'ci-exact', 'run-7'), 'exact'],
    [session(aws, 'xci-build', 'run-7'), 'refused'],
    [tokenOf(aws, `arn:aws:iam::${ACCOUNT}:user/dev/bob`), 'dev'],
    [tokenOf(aws, `arn:aws:iam::${ACCOUNT}:user/dev/x/bob`), 'refused'],
    [tokenOf(aws, `arn:aws:iam::${ACCOUNT}:user/bob`), 'refused'],
    [tokenOf(aws, 'arn:aws:sts::444455556666:assumed-role/ci-build/run-7'), 'refused'],
  ] as const) {
    t.equal(await logIn(server, token), expected)
  }
})

/** The log fields for the refusal of a token. */
async function refusal(server: TestServer, token: string): Promise<LogLine> {
  await logSettled()
  const before = server.log().length
  const denial = (): LogLine | undefined =>
    server
      .log()
      .slice(before)
      .find(({ msg }) => msg === 'access denied')
  await server.review(token)
  await server.waitForLog(() => denial() !== undefined)
  return denial() ?? {}
}

t.test('a refusal names the near misses, and its section of the documentation', async (t) => {
  const [aws, server] = await startWith(t)
  const see = 'docs/errors.md#not_mapped'
  const path = await refusal(server, session(aws, 'Admin', 'alice'))
  t.match(path, { reason: 'not_mapped', see, nearest: /MountedFile server\.mapRoles\[0\] has a path/ })
  const slip = await refusal(server, session(aws, 'ci-exat', 'alice'))
  t.match(slip, { see, nearest: /server\.mapRoles\[1\].*sessionnames.*server\.mapRoles\[3\].*a letter/ })
  const nothing = await refusal(server, tokenOf(aws, 'arn:aws:iam::444455556666:user/eve'))
  t.match(nothing, { reason: 'not_mapped', see, nearest: undefined })
  t.match(await refusal(server, 'k8s-aws-v1.rubbish'), { see: 'docs/errors.md#malformed_token' })
})

await testFollowing(
  'the same in aws-auth, where one entry out of force takes no other away',
  {},
  async (t, follower) => {
    const { aws, server, put } = follower
    const arn = `arn:aws:iam::${ACCOUNT}:role`
    put({
      mapRoles:
        `- {rolearn: "${arn}/Ops", username: everyone}\n` +
        `- {rolearn: "${arn}/Ops", sessionnames: "*@example.com", username: staff}\n` +
        `- {rolearn: "${arn}/Other", sessionname: alice, username: mistyped}\n` +
        `- {rolelike: "${arn}/*", sessionnames: ci, username: ci}\n`,
    })
    const becomes = (role: string, name: string, username: string): Promise<void> =>
      eventually(t, `${role} ${name}`, username, LIVE_MS, () => logIn(server, session(aws, role, name)))
    await becomes('Ops', 'bob@example.com', 'staff')
    await becomes('Ops', 'bob', 'everyone')
    await becomes('Any', 'ci', 'ci')
    await becomes('Other', 'alice', 'refused')
    const line = await refusal(server, session(aws, 'Other', 'alice'))
    t.match(line['nearest'], /EKSConfigMap mapRoles\[2\] is rejected: sessionname/)
  },
)

t.test('objects with patterns and conditions', async (t) => {
  const aws = await startAws(t)
  const cluster = await startCluster(t)
  allowIdentityMappings(cluster)
  const arn = `arn:aws:iam::${ACCOUNT}:role`
  const put = (name: string, spec: object): unknown =>
    cluster.api.putIdentityMapping(name, { username: name, groups: [], ...spec })
  put('b-pattern', { arnLike: `${arn}/ci-*` })
  put('a-pattern', { arnLike: `${arn}/ci-?`, sessionNames: ['run'] })
  put('plain', { arn: `${arn}/Ops` })
  put('narrow', { arn: `${arn}/Ops`, sessionNames: ['alice'] })
  put('wrong', { arn: `${arn}/Bad`, sessionNames: [] })
  const server = await startTestServer(t, { aws, args: ['--backend-mode=CRD', `--kubeconfig=${cluster.kubeconfig}`] })
  const becomes = (role: string, name: string, username: string): Promise<void> =>
    eventually(t, `${role} ${name}`, username, LIVE_MS, () => logIn(server, session(aws, role, name)))
  await becomes('ci-1', 'run', 'a-pattern')
  await becomes('ci-1', 'other', 'b-pattern')
  await becomes('Ops', 'alice', 'narrow')
  await becomes('Ops', 'bob', 'plain')
  await becomes('Bad', 'bob', 'refused')
  cluster.api.deleteIdentityMapping('a-pattern')
  cluster.api.deleteIdentityMapping('narrow')
  await becomes('ci-1', 'run', 'b-pattern')
  await becomes('Ops', 'alice', 'plain')
})
