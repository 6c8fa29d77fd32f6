import t from 'tap'
import { freePort, startTestServer, type TestServer } from './harness/server.ts'
import { startCluster } from './harness/cluster.ts'
import { temporaryFolder } from './harness/command.ts'
import { addIdentity, refusals, signToken, startAws, userOf, verdict } from './harness/webhook.ts'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ACCOUNT = '111122223333'

type Login = (role: string, session: string, accountId?: string) => ReturnType<TestServer['review']>

/** Logs in with a session of a role. */
function loginTo(server: TestServer, aws: SandboxAws): Login {
  return (role, session, accountId = ACCOUNT) => {
    const arn = `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`
    return server.review(
      signToken(...addIdentity(aws, { accountId, arn, userId: `AROA${role.toUpperCase()}:${session}` })),
    )
  }
}

t.test('templates are filled in username and groups, each value unchanged', async (t) => {
  const aws = await startAws(t)
  const configuration = `
clusterID: k8s.local
server:
  mapRoles:
    - rolearn: arn:aws:iam::${ACCOUNT}:role/All
      username: "{{AccountID}}/{{SessionName}}/{{SessionNameRaw}}/{{SessionName}}"
      groups: ["a:{{AccountID}}", "{{SessionNameRaw}}", "key-{{AccessKeyID}}", plain, "{{accountid}}", "{{Unknown}}"]
    - rolearn: arn:aws:iam::${ACCOUNT}:role/Node
      username: system:node:{{EC2PrivateDNSName}}
`
  const server = await startTestServer(t, { aws, configuration })
  const login = loginTo(server, aws)
  const [accessKeyId, eve] = addIdentity(aws, {
    accountId: ACCOUNT,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/All/eve@a@b.example`,
    userId: 'AROAALL:eve@a@b.example',
  })
  t.match(userOf(await server.review(signToken(accessKeyId, eve))), {
    username: `${ACCOUNT}/eve-a-b.example/eve@a@b.example/eve-a-b.example`,
    groups: [`a:${ACCOUNT}`, 'eve@a@b.example', `key-${accessKeyId}`, 'plain', '{{accountid}}', '{{Unknown}}'],
    extra: { sessionName: ['eve@a@b.example'] },
  })
  t.equal(
    server.log().filter(({ level, msg }) => level === 'warning' && /\{\{(?:accountid|Unknown)\}\}/.test(String(msg)))
      .length,
    2,
    'what is no template is warned about at the start',
  )

  // No session name in AWS contains a brace, so such an answer does not come from STS.
  t.equal((await login('All', '{{AccessKeyID}}')).status, 502)

  t.equal(verdict(await login('Node', 'no-instance')), false)
  t.match(await refusals(server, 2), [{ reason: 'sts_bad_answer' }, { reason: 'template', error: /EC2PrivateDNSName/ }])
})

t.test('a username with a reserved prefix is refused, in exact case only, and not for mapAccounts', async (t) => {
  const aws = await startAws(t)
  const configuration = `
clusterID: k8s.local
server:
  mapRoles:
    - rolearn: arn:aws:iam::${ACCOUNT}:role/System
      username: system:master
    - rolearn: arn:aws:iam::${ACCOUNT}:role/Upper
      username: SYSTEM:master
    - rolearn: arn:aws:iam::${ACCOUNT}:role/Inside
      username: the-system:master
    - rolearn: arn:aws:iam::${ACCOUNT}:role/Free
      username: "{{SessionName}}"
      groups: [system:masters]
  mapAccounts: ["444455556666"]
  reservedPrefixConfig:
    - backendMode: MountedFile
      usernamePrefixReserveList: ["system:", kube-, "arn:"]
    - backendMode: EKSConfigMap
      usernamePrefixReserveList: [the-]
`
  const server = await startTestServer(t, { aws, configuration })
  const login = loginTo(server, aws)
  t.equal(verdict(await login('System', 'sam')), false)
  t.equal(verdict(await login('Free', 'kube-admin')), false, 'after the template is filled')
  t.match(await refusals(server, 2), [{ reason: 'reserved_username' }, { reason: 'reserved_username' }])
  t.match(userOf(await login('Upper', 'sam')), { username: 'SYSTEM:master' })
  t.match(userOf(await login('Inside', 'sam')), { username: 'the-system:master' }, 'not reserved for this backend')
  t.match(userOf(await login('Free', 'Kube-admin')), { username: 'Kube-admin', groups: ['system:masters'] })
  t.match(userOf(await login('Any', 'sam', '444455556666')), { username: 'arn:aws:iam::444455556666:role/Any' })
})

t.test('the DaemonSet of a kops cluster in GovCloud', async (t) => {
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  const cluster = await startCluster(t)
  const gov = '123456789123'
  const admin = `arn:aws-us-gov:iam::${gov}:role/K8s-Admin`
  const live = `- roleARN: ${admin}\n  username: iam-admin-{{SessionName}}\n  groups:\n    - system:masters\n`
  cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: live })
  const folder = temporaryFolder(t)
  const port = await freePort()
  const configuration = `
clusterID: k8s.local
server:
  port: ${port}
  stateDir: ${folder}
  kubeconfig: ${cluster.kubeconfig}
  mapAccounts: []
  mapUsers: []
  mapRoles:
    - roleARN: arn:aws-us-gov:iam::${gov}:role/nodes.k8s.local
      username: aws:{{AccountID}}:instance:{{SessionName}}
      groups:
      - system:bootstrappers
      - aws:instances
`
  const config = join(folder, 'config.yaml')
  writeFileSync(config, configuration)
  const server = await startTestServer(t, {
    aws,
    folder,
    port,
    configuration,
    environment: { AWS_REGION: '' },
    commandLine: [
      '--log-format=json',
      'server',
      '--backend-mode=ConfigMap,File',
      `--config=${config}`,
      `--state-dir=${folder}`,
      '--kubeconfig-pregenerated=true',
      '',
    ],
  })
  await server.waitForLog(({ msg }) => String(msg).startsWith('kube-system/aws-auth loaded'))
  const region = 'us-gov-west-1'
  const login = (role: string, session: string): ReturnType<TestServer['review']> => {
    const arn = `arn:aws-us-gov:sts::${gov}:assumed-role/${role}/${session}`
    const [accessKeyId, identity] = addIdentity(aws, { accountId: gov, arn, userId: `AROAGOV:${session}` })
    return server.review(signToken(accessKeyId, identity, { region }))
  }
  t.match(userOf(await login('nodes.k8s.local', 'i-0123456789abcdef0')), {
    username: `aws:${gov}:instance:i-0123456789abcdef0`,
    uid: `aws-iam-authenticator:${gov}:AROAGOV`,
    groups: ['system:bootstrappers', 'aws:instances'],
    extra: { canonicalArn: [`arn:aws-us-gov:iam::${gov}:role/nodes.k8s.local`] },
  })
  t.match(userOf(await login('K8s-Admin', 'jane@example.com')), {
    username: 'iam-admin-jane-example.com',
    groups: ['system:masters'],
  })
  t.equal(verdict(await login('Intern', 'tom')), false)
  t.same(new Set(aws.sts.requests.map(({ host }) => host)), new Set([`sts.${region}.amazonaws.com`]))
  t.equal((await server.stop()).code, 0)
})
