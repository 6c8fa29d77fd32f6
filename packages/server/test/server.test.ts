import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { test, type Test } from 'tap'
import { parseExposition } from '../../../test/e2e/harness/exposition.ts'
import { http2 } from '../../../test/e2e/harness/wire.ts'
import { InProcessDispatcher } from '@aws-iam-authenticator/sandbox/aws/dispatcher'
import { createSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { startServer, type RunningServer } from '../src/server.ts'
import type { ServerSettings, ServerSurroundings } from '../src/settings.ts'
import { recordedLog, type RecordedLine } from './recorded-log.ts'

const partition = findPartition('aws')
if (partition === undefined) throw new TypeError('no partition')
const now = (): Date => new Date('2025-03-04T05:06:07Z')

function settingsIn(folder: string, settings: Partial<ServerSettings> = {}): ServerSettings {
  return {
    clusterId: 'k8s.local',
    partition: partition ?? never(),
    address: '127.0.0.1',
    port: 0,
    hostname: 'localhost',
    keyType: 'rsa',
    stateDir: folder,
    kubeconfigPath: join(folder, 'kubeconfig.yaml'),
    kubeconfigPregenerated: false,
    backendModes: ['MountedFile'],
    backendModePath: null,
    backendPaths: new Map(),
    dynamicFileUserIdStrict: false,
    mappings: { roles: [], users: [], accounts: [] },
    reservedPrefixes: new Map(),
    webIdentity: null,
    gates: { sso: false },
    scrubbedAccounts: new Set(),
    apiAudiences: null,
    refusalStatus: 200,
    stsRegions: null,
    tokenCacheTtlMs: 30_000,
    healthAddress: { host: null, port: 0 },
    metricsAddress: null,
    auditLogPath: null,
    ec2: { qps: 1, burst: 1 },
    ...settings,
  }
}

function never(): never {
  throw new Error('this must not be asked for')
}

async function start(
  t: Test,
  settings: ServerSettings,
  surroundings: Partial<ServerSurroundings> = {},
): Promise<{ readonly running: RunningServer; readonly lines: readonly RecordedLine[] }> {
  const { log, lines } = recordedLog()
  const running = await startServer(settings, {
    log,
    now,
    userAgent: 'test/1',
    build: { version: '1.2.3', commit: 'abc' },
    aws: new InProcessDispatcher(createSandboxAws().handle),
    lookUpRegion: () => Promise.resolve('us-east-1'),
    ec2Access: never,
    kubernetes: never,
    connectKubernetes: never,
    onFirstTokenReview: () => undefined,
    workerProgram: new URL('../src/backends/document-worker.ts', import.meta.url),
    ...surroundings,
  })
  t.teardown(() => running.stop())
  return { running, lines }
}

void test('it creates a pair and the webhook kubeconfig, listens, and stops', async (t) => {
  const folder = t.testdir({})
  let asked = 0
  const { running, lines } = await start(t, settingsIn(folder), { onFirstTokenReview: () => void (asked += 1) })
  const client = http2({ port: running.port, certificate: readFileSync(join(folder, 'cert.pem'), 'utf8') })
  t.teardown(() => client.close())
  t.match(await client.send({ method: 'GET', path: '/healthz' }), { status: 200, text: 'ok' })
  t.equal(asked, 0)
  for (const token of ['k8s-aws-v1.x', 'k8s-aws-v1.y']) {
    t.match(await client.send({ body: `{"spec":{"token":"${token}"}}` }), {
      status: 200,
      text: /"authenticated":false/,
    })
  }
  t.equal(asked, 1)
  t.match(readFileSync(join(folder, 'kubeconfig.yaml'), 'utf8'), /certificate-authority-data/)
  t.match(lines.at(-1), { message: 'access denied', fields: { reason: 'malformed_token' } })
  t.match(
    lines.find(({ message }) => message === 'listening'),
    { fields: { clusterid: 'k8s.local', partition: 'aws', backends: ['MountedFile'] } },
  )
  await running.stop()
  t.equal(await client.send({ method: 'GET', path: '/healthz' }).catch(() => null), null)
})

void test('each decision is recorded once: metrics have all, status and audit log those about our tokens', async (t) => {
  const folder = t.testdir({})
  const auditLogPath = join(folder, 'audit.jsonl')
  const { running } = await start(t, settingsIn(folder, { auditLogPath }))
  const client = http2({ port: running.port, certificate: readFileSync(join(folder, 'cert.pem'), 'utf8') })
  t.teardown(() => client.close())
  for (const token of ['k8s-aws-v1.x', 'eyJhbGciOiJSUzI1NiJ9.e30.x']) {
    await client.send({ body: JSON.stringify({ spec: { token } }) })
  }
  await client.send({ body: 'no JSON' })
  await client.send({ method: 'GET' })
  const metrics = parseExposition((await client.send({ method: 'GET', path: '/metrics' })).text)
  const valueOf = (name: string, labels: Readonly<Record<string, string>> = {}): number | undefined => {
    const { samples = [] } = metrics.get(`aws_iam_authenticator_${name.replace(/_count$/, '')}`) ?? {}
    const isAsked = (of: ReadonlyMap<string, string>): boolean =>
      Object.entries(labels).every(([label, value]) => of.get(label) === value)
    return samples.find((sample) => sample.name.endsWith(name) && isAsked(sample.labels))?.value
  }
  t.equal(valueOf('authenticate_latency_seconds_count', { result: 'invalid_token' }), 2)
  t.equal(valueOf('authenticate_latency_seconds_count', { result: 'malformed_request' }), 2)
  t.equal(valueOf('refusals_total', { reason: 'malformed_token' }), 2)
  t.equal(valueOf('refusals_total', { reason: 'malformed_request' }), 1)
  t.equal(valueOf('refusals_total', { reason: 'method_not_allowed' }), 1)
  t.equal(valueOf('foreign_tokens_total'), 1)
  const status: unknown = JSON.parse((await client.send({ method: 'GET', path: '/status' })).text)
  t.match(status, { decisions: { granted: 0, refused: 1 }, refusals: [{ reason: 'malformed_token' }] })
  await running.stop()
  t.match(readFileSync(auditLogPath, 'utf8').trim().split('\n'), [/"reason":"malformed_token"/])
})

void test('a pregenerated kubeconfig is not changed', async (t) => {
  const folder = t.testdir({ 'kubeconfig.yaml': 'mine' })
  await start(t, settingsIn(folder, { kubeconfigPregenerated: true }))
  t.equal(readFileSync(join(folder, 'kubeconfig.yaml'), 'utf8'), 'mine')
})

void test('an unknown own region does not stop the server', async (t) => {
  const { running } = await start(t, settingsIn(t.testdir({})), {
    lookUpRegion: () => Promise.reject(new Error('no IMDS')),
  })
  t.ok(running.port > 0)
})

void test('a dynamic file and a file of backends are followed from the start', async (t) => {
  const folder = t.testdir({})
  const backendModePath = join(folder, 'backends.json')
  writeFileSync(backendModePath, '{"backendMode": "DynamicFile MountedFile"}')
  const path = join(folder, 'dynamic.json')
  writeFileSync(path, '{"mapAccounts": ["123456789012"]}')
  const { lines } = await start(
    t,
    settingsIn(folder, { backendModePath, backendPaths: new Map([['DynamicFile', path]]) }),
  )
  t.match(
    lines.find(({ message }) => message === 'listening'),
    { fields: { backends: ['DynamicFile', 'MountedFile'] } },
  )
})

void test('a backend that cannot be created stops the start', async (t) => {
  const folder = t.testdir({})
  const failing = (backendModes: readonly BackendMode[]): Promise<unknown> =>
    start(t, settingsIn(folder, { backendModes }), { kubernetes: () => Promise.reject(new Error('no cluster')) })
  await t.rejects(failing(['EKSConfigMap']), { message: 'no cluster' })
  await t.rejects(failing(['CRD']), { message: 'no cluster' })
  await t.rejects(failing(['DynamicFile']), { code: 'invalid_configuration' })
})
