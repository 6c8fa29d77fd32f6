import { dirname, join } from 'node:path'
import t from 'tap'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { clusterTls } from './harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { commandFile, govRoleArn, startGovCloud, writeGovCloudProfile } from './harness/govcloud.ts'
import { startTestServer } from './harness/server.ts'

const skip = binariesRunHere ? false : 'the kubectl binaries are for Linux on x86-64'

await t.test('kubectl logs in with the output of kubeconfig, beside its own entries', { skip }, async (t) => {
  const aws = await startGovCloud(t)
  const configuration = `clusterID: k8s.local
server:
  mapRoles:
    - rolearn: ${govRoleArn('K8s-Admin')}
      username: iam-admin
      groups: [system:masters]
`
  const server = await startTestServer(t, { aws, configuration })
  const front = await WebhookFront.start({ tls: clusterTls, webhookKubeconfig: server.kubeconfig })
  t.teardown(() => front.close())

  const home = temporaryFolder(t)
  writeGovCloudProfile(home)
  const config = join(home, 'config')
  await writeKubeconfig(config, { server: front.url, certificateAuthority: clusterTls.cert, user: { token: 'none' } })
  const environment = { ...minimalEnvironment(home), ...aws.environment, KUBECONFIG: config }
  const path = `${dirname(commandFile(home))}:${process.env['PATH'] ?? ''}`
  const program = await kubectl('1.35')
  const run = (...args: readonly string[]): ReturnType<typeof runBinary> =>
    runBinary(program, args, { env: { ...environment, PATH: path }, cwd: home })

  t.equal((await run('config', 'set-credentials', 'other', '--token=x')).code, 0)
  const base = ['kubeconfig', '-i', 'k8s.local', '--profile=govcloud', '--region=us-gov-west-1', '--user=admin']
  const write = (...args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand([...base, ...args], { environment, cwd: home })
  const written = await write('-r', govRoleArn('K8s-Admin'), '--context=sandbox')
  t.equal(written.code, 0, written.stderr)
  t.match(await run('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'), { code: 0, stdout: 'iam-admin' })
  t.match(await run('config', 'view', '-o', 'jsonpath={.users[*].name}'), { code: 0, stdout: /other/ })

  t.equal((await run('config', 'set-context', 'sandbox', '--namespace=team')).code, 0)
  const again = await write('-r', govRoleArn('Nobody'))
  t.equal(again.code, 0, 'also after kubectl wrote the file in its own style')
  t.match(await run('get', 'pods'), { code: 1, stderr: /could not get token: .*Nobody/ })
  t.match(await run('config', 'view', '-o', 'jsonpath={.contexts[0].context.namespace}'), { stdout: 'team' })
  const missing = await runBinary(program, ['get', 'pods'], { env: { ...environment, PATH: '/none' }, cwd: home })
  t.match(missing, { code: 1, stderr: /needs aws-iam-authenticator on its PATH/ }, 'the install hint')
})
