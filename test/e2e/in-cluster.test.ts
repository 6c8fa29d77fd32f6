import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { FakeKubernetes } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { inClusterEnvironment, wellKnownServiceAccount } from '@aws-iam-authenticator/sandbox/kubernetes/in-cluster'
import { checkRequests, clusterTls, serviceAccount } from './harness/cluster.ts'
import { temporaryFolder, type Environment } from './harness/command.ts'
import { eventually } from './harness/eventually.ts'
import { roleEntry } from './harness/follow.ts'
import { logIn, roleToken } from './harness/logins.ts'
import { startTestServer, type TestServer } from './harness/server.ts'

const LIVE_MS = 1000
const DROPPED_MS = 3000
const root = process.getuid?.() === 0 ? false : 'only root may write a service account where a pod has it'

async function listens(address: string): Promise<boolean> {
  const server = createServer().listen(0, address)
  const [happened] = await Promise.race([
    once(server, 'listening').then(() => [true]),
    once(server, 'error').then(() => [false]),
  ])
  if (happened === true) server.close()
  return happened === true
}

async function startApi(t: Test, token: string, address: string): Promise<FakeKubernetes> {
  const api = await FakeKubernetes.start({ tls: clusterTls, accounts: [serviceAccount(token)], address })
  t.teardown(() => api.close())
  api.putConfigMap('kube-system', 'aws-auth', { mapRoles: roleEntry('Dev') })
  return api
}

async function startAws(t: Test): Promise<SandboxAws> {
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  return aws
}

function startFollower(t: Test, aws: SandboxAws, environment: Environment, ...args: string[]): Promise<TestServer> {
  return startTestServer(t, { aws, environment, args: ['--backend-mode=EKSConfigMap', ...args] })
}

for (const address of ['127.0.0.1', '::1']) {
  const skip = root === false && !(await listens(address)) ? `this machine has no ${address}` : root
  await t.test(`in a pod the service account gives the API server at ${address}`, { skip }, async (t) => {
    const aws = await startAws(t)
    const api = await startApi(t, 'first-token', address)
    const files = { token: 'first-token\n', certificateAuthority: clusterTls.cert, namespace: 'kube-system' }
    const account = await wellKnownServiceAccount(files)
    if (account === undefined) {
      t.pass('the service account', { skip: 'this machine is a pod itself' })
      return
    }
    t.teardown(() => account.remove())
    const server = await startFollower(t, aws, inClusterEnvironment(api))
    const token = roleToken(aws, 'Dev')
    await eventually(t, 'listed', 'dev', LIVE_MS, () => logIn(server, token))

    await account.update({ ...files, token: 'second-token' })
    api.setAccounts([serviceAccount('second-token')])
    await api.until(() => api.openWatches === 1)
    api.dropWatches()
    api.putConfigMap('kube-system', 'aws-auth', { mapRoles: roleEntry('Dev', 'dev-2') })
    await eventually(t, 'with the rotated token', 'dev-2', DROPPED_MS, () => logIn(server, token))
    t.notOk(
      api.requests.some(({ status }) => status === 401),
      'the old token was not tried',
    )
    checkRequests(t, api)
    t.same(
      aws.proxyRequests.filter(({ host }) => !host.endsWith('.amazonaws.com')),
      [],
      'the loopback is not reached through the proxy that is there for AWS',
    )
    t.notMatch(server.output(), /(first|second)-token/)
    t.equal((await server.stop()).code, 0)
  })
}

await t.test('without a service account the start fails with the fix', async (t) => {
  const aws = await startAws(t)
  const failed = await startFollower(t, aws, {}).then(
    () => '',
    (error: unknown) => String(error),
  )
  t.match(failed, /KUBERNETES_SERVICE_HOST/)
  t.match(failed, /--kubeconfig/)
})

const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.internal === false && each.family === 'IPv4')?.address
const noAddress = address === undefined ? 'this machine has no address but the loopback' : false

await t.test('NO_PROXY skips the AWS proxy for the API server', { skip: noAddress }, async (t) => {
  const aws = await startAws(t)
  const api = await startApi(t, 'the-token', address ?? '')
  const kubeconfig = join(temporaryFolder(t), 'config')
  const cluster = {
    server: api.url,
    'certificate-authority-data': Buffer.from(clusterTls.cert).toString('base64'),
    'tls-server-name': 'localhost',
  }
  writeFileSync(
    kubeconfig,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: 'the-token' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  const token = roleToken(aws, 'Dev')
  const toApi = (): number => aws.proxyRequests.filter(({ host }) => host === address).length
  const range = `${(address ?? '').split('.').slice(0, 2).join('.')}.0.0/16`
  for (const [name, value] of [
    ['NO_PROXY', address ?? ''],
    ['no_proxy', `.svc,${range}`],
  ] as const) {
    const server = await startFollower(t, aws, { [name]: value }, `--kubeconfig=${kubeconfig}`)
    await eventually(t, `${name}=${value}`, 'dev', LIVE_MS, () => logIn(server, token))
    t.equal(toApi(), 0)
    await server.stop()
  }
  const { length } = api.requests
  const server = await startFollower(t, aws, { NO_PROXY: '192.0.2.255,.svc' }, `--kubeconfig=${kubeconfig}`)
  await server.waitForLog(({ level, error }) => level === 'warning' && error !== undefined)
  t.ok(toApi() > 0, 'without it the proxy is asked')
  t.equal(api.requests.length, length)
  t.equal(await logIn(server, token), 'status 503')
  t.equal((await server.stop()).code, 0)
})
