import { findEntry } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import { test, type Test } from 'tap'
import { Agent } from 'undici'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import {
  allowAll,
  FakeKubernetes,
  type KubeObject,
  type Rule,
} from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import type { Backend } from '../../src/backends/backend.ts'
import type { SourceErrors } from '../../src/log/log-problems.ts'
import { createCrd } from '../../src/backends/crd.ts'
import { createKubernetesApi } from '../../../kubernetes/src/api/connection.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

const tls = selfSignedPair('kube-apiserver')
const arnOf = (role: string): string => `arn:aws:iam::123456789012:role/${role}`

interface Started {
  readonly kubernetes: FakeKubernetes
  readonly backend: Backend
  readonly lines: readonly RecordedLine[]
  readonly counted: readonly SourceErrors[]
}

async function start(
  t: Test,
  prepare: (kubernetes: FakeKubernetes) => void,
  allow: readonly Rule[] = allowAll,
): Promise<Started> {
  const kubernetes = await FakeKubernetes.start({ tls, accounts: [{ username: 'server', token: 'secret', allow }] })
  t.teardown(() => kubernetes.close())
  prepare(kubernetes)
  const { log, lines } = recordedLog()
  const counted: SourceErrors[] = []
  const cluster = {
    server: kubernetes.url,
    tls: { ca: tls.cert },
    authorization: () => Promise.resolve('Bearer secret'),
  }
  const backend = createCrd({
    api: createKubernetesApi(cluster, ({ ca }) => new Agent({ connect: { ca } }), 'test/1'),
    gates: { sso: false },
    log,
    now: () => new Date('2025-03-04T05:06:07Z'),
    onProblems: (_source, errors) => counted.push(errors),
  })
  t.teardown(() => backend.stop())
  await backend.start()
  return { kubernetes, backend, lines, counted }
}

function usernameOf({ index }: BackendSnapshot, role: string): string | undefined {
  const found =
    index === null ? undefined : findEntry(index, { canonicalArn: arnOf(role), userId: 'AROA', sessionName: '' })
  return found !== undefined && 'username' in found ? found.username : undefined
}

function statusOf(object: KubeObject | undefined): unknown {
  const status: unknown = object?.['status']
  return new Map<string, unknown>(Object.entries(status ?? {})).get('canonicalARN')
}

void test('objects are followed, and get a status and an Event', async (t) => {
  const { kubernetes, backend, counted } = await start(t, (fake) => {
    fake.putIdentityMapping('a', { arn: arnOf('Admin'), username: 'admin', groups: ['g'] })
  })
  t.equal(usernameOf(backend.snapshot(), 'Admin'), 'admin')
  t.match(backend.snapshot(), { mode: 'CRD', fault: null })
  await kubernetes.until(() => statusOf(kubernetes.getIdentityMapping('a')) === arnOf('admin').toLowerCase())
  await kubernetes.until(() => kubernetes.listEvents().length === 1)
  t.match(kubernetes.listEvents(), [{ reason: 'Synced', message: 'Identity synced successfully' }])

  await kubernetes.until(() => kubernetes.openWatches === 1)
  kubernetes.putIdentityMapping('b', { arn: arnOf('Other'), username: 'other', groups: [] })
  await kubernetes.until(() => statusOf(kubernetes.getIdentityMapping('b')) === arnOf('other').toLowerCase())
  t.equal(usernameOf(backend.snapshot(), 'Other'), 'other')
  kubernetes.deleteIdentityMapping('a')
  kubernetes.putIdentityMapping('c', { arn: arnOf('Last'), username: 'last', groups: [] })
  await kubernetes.until(() => statusOf(kubernetes.getIdentityMapping('c')) === arnOf('last').toLowerCase())
  t.equal(usernameOf(backend.snapshot(), 'Admin'), undefined)
  t.ok(counted.every(({ count }) => count === 0))
})

void test('a bad object is reported by name and affects no other', async (t) => {
  const { backend, lines, counted } = await start(t, (fake) => {
    fake.putIdentityMapping('bad', { arn: 'nonsense', username: 'x', groups: [] })
    fake.putIdentityMapping('good', { arn: arnOf('Good'), username: 'good', groups: [] })
  })
  t.equal(usernameOf(backend.snapshot(), 'Good'), 'good')
  t.match(counted[0], { count: 1, first: [{ source: /^IAMIdentityMapping \S+$/, line: null, message: String }] })
  t.match(
    lines.find(({ level }) => level === 'error'),
    { message: /^IAMIdentityMapping bad: / },
  )
})

function putTwo(fake: FakeKubernetes): void {
  for (const name of ['a', 'b']) fake.putIdentityMapping(name, { arn: arnOf(name), username: name, groups: [] })
}

void test('an unwritable status is logged once, and the mappings are active', async (t) => {
  const reads: readonly Rule[] = [{ verbs: ['get', 'list', 'watch'], resources: ['iamidentitymappings'] }]
  const { kubernetes, backend, lines } = await start(t, putTwo, reads)
  await kubernetes.until(() => kubernetes.requests.filter(({ status }) => status === 403).length >= 2)
  t.same(
    ['a', 'b'].map((name) => usernameOf(backend.snapshot(), name)),
    ['a', 'b'],
  )
  await backend.stop()
  t.equal(lines.filter(({ message }) => message.includes('status of IAMIdentityMappings')).length, 1)
})

void test('an API server without the resource is a fault, not an empty list', async (t) => {
  const { backend, lines } = await start(t, (fake) => fake.failLists(404))
  t.match(backend.snapshot(), { index: null, fault: /status 404/ })
  t.match(lines[0], { level: 'warn', message: /CustomResourceDefinition/ })
})
