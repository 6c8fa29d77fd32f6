import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { createLog } from '@aws-iam-authenticator/core/log/log'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { EventEmitter, once } from 'node:events'
import { test } from 'tap'
import { createBackendSet } from '../../src/backends/backend-set.ts'
import type { Backend } from '../../src/backends/backend.ts'

function backendSet(failing: ReadonlySet<BackendMode> = new Set()) {
  const calls: string[] = []
  const log = createLog({ format: 'text', level: 'trace', write: (line) => calls.push(line), now: () => new Date(0) })
  const create = async (mode: BackendMode): Promise<Backend> => {
    if (mode === 'CRD') throw new ConfigurationError('no API server')
    return {
      start: async () => void calls.push(`start ${mode}`),
      snapshot: () => ({ mode, index: null, fault: null }),
      stop: async () => {
        calls.push(`stop ${mode}`)
        if (failing.has(mode)) throw new Error('it hangs')
      },
    }
  }
  const set = createBackendSet({ create, log, onReplaced: (modes) => calls.push(modes.join()) })
  return { set, calls, modes: () => set.current().map((backend) => backend.snapshot().mode) }
}

void test('added backends start, removed ones stop, the others continue', async (t) => {
  const { set, calls, modes } = backendSet()
  await set.replace(['MountedFile', 'DynamicFile'])
  t.same(modes(), ['MountedFile', 'DynamicFile'])
  const before = set.current()
  await set.replace(['EKSConfigMap', 'MountedFile'])
  t.same(modes(), ['EKSConfigMap', 'MountedFile'])
  t.equal(set.current()[1], before[0])
  t.equal(before.length, 2, 'whoever asked before still has one list')
  await set.stop()
  t.same(calls, [
    'start MountedFile',
    'start DynamicFile',
    'MountedFile,DynamicFile',
    'start EKSConfigMap',
    'EKSConfigMap,MountedFile',
    'stop DynamicFile',
    'stop EKSConfigMap',
    'stop MountedFile',
  ])
})

void test('a backend that cannot be created leaves the list unchanged', async (t) => {
  const { set, calls, modes } = backendSet()
  await set.replace(['MountedFile'])
  await t.rejects(set.replace(['DynamicFile', 'CRD']), { code: 'invalid_configuration' })
  t.same(modes(), ['MountedFile'])
  t.same(calls, ['start MountedFile', 'MountedFile', 'stop DynamicFile'], 'what was made for it is put away')
})

void test('the previous list stays active until the added backends have loaded', async (t) => {
  const loading = new EventEmitter()
  const calls: string[] = []
  const log = createLog({ format: 'text', level: 'trace', write: () => undefined, now: () => new Date(0) })
  const set = createBackendSet({
    create: async (mode) => ({
      start: async () => {
        if (mode !== 'DynamicFile') return
        loading.emit('asked')
        await once(loading, 'done')
      },
      snapshot: () => ({ mode, index: null, fault: null }),
      stop: async () => void calls.push(mode),
    }),
    log,
    onReplaced: (modes) => calls.push(modes.join()),
  })
  await set.replace(['MountedFile'])
  const asked = once(loading, 'asked')
  const replaced = set.replace(['DynamicFile'])
  await asked
  t.same(calls, ['MountedFile'])
  loading.emit('done')
  await replaced
  t.same(calls, ['MountedFile', 'DynamicFile', 'MountedFile'])
})

void test('a stop while they load discards them', async (t) => {
  const calls: string[] = []
  const log = createLog({ format: 'text', level: 'trace', write: () => undefined, now: () => new Date(0) })
  const set = createBackendSet({
    create: async (mode) => ({
      start: () => (mode === 'DynamicFile' ? new Promise(() => undefined) : Promise.resolve()),
      snapshot: () => ({ mode, index: null, fault: null }),
      stop: async () => void calls.push(mode),
    }),
    log,
    onReplaced: () => undefined,
  })
  await set.replace(['MountedFile'])
  const replaced = set.replace(['DynamicFile'])
  await set.stop()
  await replaced
  t.same(calls.sort(), ['DynamicFile', 'MountedFile'])
})

void test('a backend that does not stop is logged, and blocks nothing', async (t) => {
  const { set, calls, modes } = backendSet(new Set(['DynamicFile']))
  await set.replace(['DynamicFile'])
  await set.replace(['MountedFile'])
  t.same(modes(), ['MountedFile'])
  t.match(calls.at(-1), /level=error.*DynamicFile/)
})
