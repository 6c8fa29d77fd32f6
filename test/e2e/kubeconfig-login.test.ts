import { dirname, join } from 'node:path'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { allowAll, FakeKubernetes } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { clusterTls } from './harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { commandFile, govRoleArn, startGovCloud, writeGovCloudProfile } from './harness/govcloud.ts'
import { startTestServer } from './harness/server.ts'

const skip = binariesRunHere ? false : 'the kubectl binaries are for Linux on x86-64'

/** A cluster that maps one role of a GovCloud account. */
async function startLogin(t: Test): Promise<{ readonly aws: SandboxAws; readonly front: WebhookFront }> {
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
  return { aws, front }
}

await t.test('kubectl logs in with the output of kubeconfig, beside its own entries', { skip }, async (t) => {
  const { aws, front } = await startLogin(t)

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
  const written = await write('-r', govRoleArn('K8s-Admin'), '--context=sandbox', '--force')
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

for (const version of ['1.20', '1.35'] as const) {
  await t.test(`one command makes a context that logs in, with kubectl ${version}`, { skip }, async (t) => {
    const { aws, front } = await startLogin(t)
    const home = temporaryFolder(t)
    writeGovCloudProfile(home)
    writeFileSync(join(home, 'ca.crt'), clusterTls.cert)
    const environment = { ...minimalEnvironment(home), ...aws.environment }
    const written = await runCommand(
      [
        'kubeconfig',
        '-i',
        'k8s.local',
        '-r',
        govRoleArn('K8s-Admin'),
        '--profile=govcloud',
        '--region=us-gov-west-1',
      ].concat(
        ['-s', 'alice', '--cache', `--command=${commandFile(home)}`, '--context=work', '--use'],
        [`--server=${front.url}`, '--certificate-authority=ca.crt'],
      ),
      { environment, cwd: home },
    )
    t.equal(written.code, 0, written.stderr)
    const program = await kubectl(version)
    const run = (...args: readonly string[]): ReturnType<typeof runBinary> =>
      runBinary(program, args, { env: environment, cwd: home })
    t.match(await run('get', 'pods'), { code: 0, stderr: 'No resources found in default namespace.\n' })
    const verdict = front.answers.at(-1)?.verdict
    t.match(verdict, { kind: 'authenticated', user: { username: 'iam-admin' } })
    t.same(verdict?.kind === 'authenticated' && verdict.user.extra.get('sessionName'), ['alice'])
    t.ok(existsSync(join(home, '.kube/cache/aws-iam-authenticator/credentials.yaml')), 'with --cache')
  })

  await t.test(`the admin of kops still logs in with the copy, with kubectl ${version}`, { skip }, async (t) => {
    const admin = selfSignedPair('kubecfg')
    const accounts = [{ username: 'kubecfg', allow: allowAll }]
    const api = await FakeKubernetes.start({ tls: clusterTls, accounts, clientCa: admin.cert })
    t.teardown(() => api.close())
    const home = temporaryFolder(t)
    const config = join(home, 'config')
    const user = { clientCertificate: admin.cert, clientKey: admin.key }
    await writeKubeconfig(config, { server: api.url, certificateAuthority: clusterTls.cert, user })
    const before = readFileSync(config, 'utf8')
    const environment = { ...minimalEnvironment(home), KUBECONFIG: config }
    const program = await kubectl(version)
    const readMap = (...args: readonly string[]): ReturnType<typeof runBinary> =>
      runBinary(program, ['get', 'configmaps', '-n', 'kube-system', ...args], { env: environment, cwd: home })
    const write = (...args: readonly string[]): ReturnType<typeof runCommand> =>
      runCommand(['kubeconfig', '-i', 'sandbox', ...args], { environment, cwd: home })

    t.match(await write(), { code: 1, stderr: /holds client-certificate-data, client-key-data: / })
    t.equal(readFileSync(config, 'utf8'), before)
    t.equal((await readMap()).code, 0, 'the admin')
    const forced = await write('--force', '--command=/none/aws-iam-authenticator')
    t.equal(forced.code, 0, forced.stderr)
    t.match(await readMap(), { code: 1, stderr: /none/ }, 'the user runs the command')
    const copied = await readMap('--user=sandbox-before-aws-iam-authenticator')
    t.equal(copied.code, 0, copied.stderr)
  })
}
