import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { FakeKubernetes } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { startCluster, type Cluster } from './harness/cluster.ts'
import { temporaryFolder } from './harness/command.ts'
import { cannotAskKubectl, startFront } from './harness/doctor.ts'
import { arePrinted } from './harness/documented.ts'
import { eventually } from './harness/eventually.ts'
import { DOCTOR, doctorSays, statusSays } from './harness/seen.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { runStatus } from './harness/status.ts'
import { startAws, USER_CONFIGURATION } from './harness/webhook.ts'

const skip = cannotAskKubectl
const HEALTHY = /^healthy: \d+ logins? in the last 5 min, \d+ refused$/
const ALICE = { mapUsers: `- userarn: ${USER.arn}\n  username: alice\n` }

function unloaded(why: string): RegExp {
  return new RegExp(`^backend EKSConfigMap is not loaded: ${why}`)
}

/** A server that follows aws-auth, and what is seen of it. */
interface Followed {
  readonly cluster: Cluster
  readonly api: FakeKubernetes
  readonly server: TestServer
  readonly put: () => void
  /** Waits for the fault in the status, and asserts both verdicts. */
  readonly isSeen: (name: string, code: number, status: RegExp, doctor: RegExp) => Promise<void>
}

async function startFollowed(t: Test, before: (api: FakeKubernetes) => unknown = () => undefined): Promise<Followed> {
  const aws = await startAws(t)
  const cluster = await startCluster(t)
  const { api, kubeconfig } = cluster
  await before(api)
  const configuration = `clusterID: k8s.local\nserver:\n  kubeconfig: ${kubeconfig}\n`
  const server = await startTestServer(t, { aws, configuration, args: ['--backend-mode=EKSConfigMap'] })
  const front = await startFront(t, server)
  return {
    cluster,
    api,
    server,
    put: () => void api.putConfigMap('kube-system', 'aws-auth', ALICE),
    isSeen: async (name, code, status, doctor) => {
      const asked = async (): Promise<boolean> => {
        const { stdout } = await runStatus(server)
        return status.test((stdout.split('\n\n', 1)[0] ?? '').replaceAll('\n', ' '))
      }
      await eventually(t, name, true, 6_000, asked)
      await statusSays(t, name, server, code, status)
      await doctorSays(t, name, front, aws, doctor)
    },
  }
}

await t.test('an API server that is away or refuses at the start', { skip }, async (t) => {
  const { api, put, isSeen } = await startFollowed(t, (api) => api.goAway())
  const away = unloaded('.*ECONNREFUSED.*: check the API server, and the way to it \\(--kubeconfig, --master\\)')
  await isSeen('away', 2, away, DOCTOR.isRefused)
  await api.comeBack()
  for (const [status, fix] of [
    [500, 'check the API server'],
    [403, 'grant the service account list and watch on configmaps in kube-system'],
    [401, 'renew the token of the service account or of --kubeconfig'],
  ] as const) {
    api.failLists(status)
    await isSeen(`status ${status}`, 2, unloaded(`list: status ${status}: .*: ${fix}`), DOCTOR.isRefused)
  }
  put()
  api.failLists(undefined)
  await isSeen('it is back', 0, HEALTHY, DOCTOR.isGranted)
})

await t.test('an API server that goes away, and one that refuses the token', { skip }, async (t) => {
  const { api, cluster, put, isSeen } = await startFollowed(t)
  put()
  await isSeen('well', 0, HEALTHY, DOCTOR.isGranted)
  await api.goAway()
  const late = '^backend EKSConfigMap has not loaded the latest mappings: '
  await isSeen('away', 2, new RegExp(`${late}.*ECONNREFUSED.*: check the API server`), DOCTOR.isGranted)
  await api.comeBack()
  await isSeen('it is back', 0, HEALTHY, DOCTOR.isGranted)
  cluster.revokeToken()
  api.dropWatches()
  await isSeen(
    'a token that is refused',
    2,
    new RegExp(`${late}watch: status 401: .*: renew the token`),
    DOCTOR.isGranted,
  )
  cluster.refreshTokenFile()
  await isSeen('a new token', 0, HEALTHY, DOCTOR.isGranted)
  for (let drop = 0; drop < 3; drop += 1) {
    await api.until(() => api.openWatches === 1)
    api.dropWatches()
  }
  await isSeen('dropped watches that began again', 0, HEALTHY, DOCTOR.isGranted)
  api.sendWatchLine('{"type":"ADDED","object":')
  await isSeen('rubbish in a watch', 0, HEALTHY, DOCTOR.isGranted)
  const release = api.holdResponses()
  api.dropWatches()
  await isSeen('an API server that hangs', 2, new RegExp(`${late}.*: check the API server`), DOCTOR.isGranted)
  release()
  await isSeen('released', 0, HEALTHY, DOCTOR.isGranted)
})

await t.test('an aws-auth that is gone, or has errors', { skip }, async (t) => {
  const { api, put, isSeen } = await startFollowed(t)
  put()
  await isSeen('well', 0, HEALTHY, DOCTOR.isGranted)
  api.putConfigMap('kube-system', 'aws-auth', { mapUsers: `${ALICE.mapUsers}- userarn: rubbish\n  username: x\n` })
  const errors = /^backend EKSConfigMap has 1 error in its mappings: fix the places below$/
  await isSeen('an entry with an error', 2, errors, DOCTOR.isGranted)
  api.deleteConfigMap('kube-system', 'aws-auth')
  const none = /^no backend has a mapping, so that nobody can log in: add one/
  await isSeen('deleted', 2, none, DOCTOR.isRefused)
})

await t.test('a backend mode file with errors', { skip }, async (t) => {
  const aws = await startAws(t)
  const mode = join(temporaryFolder(t), 'mode.json')
  writeFileSync(mode, '{\n "backendMode": "Crd"\n}')
  const configuration = `${USER_CONFIGURATION}  dynamicBackendModePath: ${mode}\n`
  const server = await startTestServer(t, { aws, configuration })
  const front = await startFront(t, server)
  const notActive = `^the backend mode file ${mode} is not active, and the list of backends before it is: `
  await statusSays(t, 'a wrong name', server, 2, new RegExp(`${notActive}it has 1 error: fix the places below$`))
  await doctorSays(t, 'a wrong name', front, aws, DOCTOR.isGranted)
  const { stdout } = await runStatus(server)
  t.match(stdout.replaceAll(/\s+(?:! )?/g, ' '), `mode file ${mode} ${mode}:2:17: backendMode: `)
  const becomes = async (name: string, code: number, says: RegExp): Promise<void> => {
    await eventually(t, name, code, 2_000, async () => (await runStatus(server)).code)
    await statusSays(t, name, server, code, says)
  }
  writeFileSync(mode, '{"backendMode": "MountedFile"}')
  await becomes('a valid list', 0, HEALTHY)
  writeFileSync(mode, '{"backendMode": "DynamicFile"}')
  const noFile = new RegExp(`${notActive}backend DynamicFile has no file: set server\\.dynamicfilepath$`)
  await becomes('a backend that is not configured', 2, noFile)
  rmSync(mode)
  await becomes('no file', 0, HEALTHY)
  mkdirSync(mode)
  await becomes('a folder in its place', 2, new RegExp(`${notActive}.*`))
})

await t.test('a dynamic file with errors, which keeps the mappings before', { skip }, async (t) => {
  const aws = await startAws(t)
  const map = join(temporaryFolder(t), 'map.json')
  writeFileSync(map, JSON.stringify({ mapUsers: [{ userarn: USER.arn, username: 'alice' }] }))
  const configuration = `clusterID: k8s.local\nserver:\n  backendMode: [DynamicFile]\n  dynamicfilepath: ${map}\n`
  const server = await startTestServer(t, { aws, configuration })
  const front = await startFront(t, server)
  await doctorSays(t, 'well', front, aws, DOCTOR.isGranted)
  writeFileSync(map, '{"mapUsers": [')
  await eventually(t, 'half a file', 2, 2_000, async () => (await runStatus(server)).code)
  const says =
    /^backend DynamicFile has not loaded the latest mappings: .* also: backend DynamicFile has 1 error in its/
  await statusSays(t, 'half a file', server, 2, says)
  await doctorSays(t, 'half a file', front, aws, DOCTOR.isGranted)
})

await t.test('operations.md has the verdicts', { skip }, (t) => {
  arePrinted(t, 'docs/operations.md', 'Problems', [
    'the API server refuses to list aws-auth',
    'the backend mode file has an error',
    'aws-auth was deleted',
  ])
  t.end()
})
