import { findEntry } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import { test, type Test } from 'tap'
import type { Backend } from '../../src/backends/backend.ts'
import type { SourceErrors } from '../../src/log/log-problems.ts'
import { createConfigMap } from '../../src/backends/config-map.ts'
import { reader } from '../document-reader.ts'
import { scriptedApi, type ScriptedAnswer } from '../../../kubernetes/test/api/scripted-api.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

const SOURCE = 'kube-system/aws-auth'

const role = (name: string): string => `- rolearn: arn:aws:iam::123456789012:role/${name}\n  username: ${name}\n`

function configMap(resourceVersion: string, data?: unknown): unknown {
  return { metadata: { name: 'aws-auth', resourceVersion }, ...(data === undefined ? {} : { data }) }
}

function list(...items: readonly unknown[]): ScriptedAnswer {
  return { body: { metadata: { resourceVersion: '1' }, items } }
}

function usernameOf({ index }: BackendSnapshot, name: string): string | undefined {
  if (index === null) return undefined
  const found = findEntry(index, {
    canonicalArn: `arn:aws:iam::123456789012:role/${name}`,
    userId: 'AROA',
    sessionName: '',
  })
  return found !== undefined && 'username' in found ? found.username : undefined
}

interface Played {
  readonly backend: Backend
  readonly lines: readonly RecordedLine[]
  readonly counted: readonly (readonly [string, SourceErrors])[]
  readonly failures: () => number
}

/** Follows aws-auth until the script ends, and stops. */
async function play(script: readonly ScriptedAnswer[]): Promise<Played> {
  const scripted = scriptedApi(script)
  const { log, lines } = recordedLog()
  const counted: [string, SourceErrors][] = []
  let failures = 0
  const backend = createConfigMap({
    api: scripted.api,
    gates: { sso: false },
    reader,
    log,
    onWatchFailed: () => (failures += 1),
    onProblems: (source, errors) => counted.push([source, errors]),
  })
  await backend.start()
  await scripted.until(script.length + 1)
  await backend.stop()
  return { backend, lines, counted, failures: () => failures }
}

async function snapshotAfter(t: Test, ...script: readonly ScriptedAnswer[]): Promise<BackendSnapshot> {
  const { backend } = await play(script)
  const snapshot = backend.snapshot()
  t.equal(snapshot.mode, 'EKSConfigMap')
  return snapshot
}

void test('it has no mappings before it has loaded', async (t) => {
  const { api } = scriptedApi([])
  const { log } = recordedLog()
  const backend = createConfigMap({
    api,
    gates: { sso: false },
    reader,
    log,
    onWatchFailed: () => 0,
    onProblems: () => 0,
  })
  t.same(backend.snapshot(), { mode: 'EKSConfigMap', index: null, fault: null })
  await backend.stop()
})

const event = (type: string, object: unknown): unknown => ({ type, object })

void test('it follows aws-auth: loaded, changed, deleted, created again', async (t) => {
  const first = list(configMap('1', { mapRoles: role('A') }))
  t.equal(usernameOf(await snapshotAfter(t, first), 'A'), 'A')

  const changed = await snapshotAfter(t, first, { body: [event('MODIFIED', configMap('2', { mapRoles: role('B') }))] })
  t.same([usernameOf(changed, 'A'), usernameOf(changed, 'B')], [undefined, 'B'])

  const deleted = await snapshotAfter(t, first, { body: [event('DELETED', configMap('3'))] })
  t.not(deleted.index, null, 'that there is no aws-auth is known')
  t.equal(usernameOf(deleted, 'A'), undefined)

  const back = await snapshotAfter(t, first, {
    body: [event('DELETED', configMap('3')), event('ADDED', configMap('4', { mapRoles: role('C') }))],
  })
  t.equal(usernameOf(back, 'C'), 'C')
})

void test('a missing aws-auth is empty, and so is one without data', async (t) => {
  for (const script of [list(), list(configMap('1')), list(configMap('1', 'text')), list(configMap('1', null))]) {
    const snapshot = await snapshotAfter(t, script)
    t.equal(snapshot.index?.rolesByArn.size, 0)
    t.equal(snapshot.fault, null)
  }
})

void test('an error keeps the previous mappings, is logged and counted', async (t) => {
  const event = { type: 'MODIFIED', object: configMap('2', { mapRoles: '- [', mapAccounts: '["210987654321"]' }) }
  const { backend, lines, counted } = await play([list(configMap('1', { mapRoles: role('A') })), { body: [event] }])
  const snapshot = backend.snapshot()
  t.equal(usernameOf(snapshot, 'A'), 'A')
  t.equal(snapshot.index?.accounts.has('210987654321'), true)
  t.same(counted[0], [SOURCE, { count: 0, first: [] }])
  t.equal(counted[1]?.[0], SOURCE)
  t.ok((counted[1]?.[1].count ?? 0) > 0)
  t.match(counted[1]?.[1].first[0], { source: /aws-auth/, line: Number, column: Number, message: String })
  t.match(
    lines.find(({ level }) => level === 'error'),
    { message: /aws-auth mapRoles:\d+:\d+: / },
  )
})

void test('a failing API server keeps the previous mappings, and the error is reported', async (t) => {
  const failing = await play([{ status: 403, body: { message: 'forbidden' } }])
  t.match(failing.backend.snapshot(), { index: null, fault: /forbidden/ })
  t.equal(failing.failures(), 1)
  t.match(failing.lines, [{ level: 'warn', fields: { error: /forbidden/ } }])

  const later = await play([list(configMap('1', { mapRoles: role('A') })), { status: 500, body: {} }])
  const snapshot = later.backend.snapshot()
  t.equal(usernameOf(snapshot, 'A'), 'A')
  t.match(snapshot.fault, /500/)
  t.equal(later.failures(), 1)
})
