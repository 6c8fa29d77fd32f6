import { EventEmitter, once } from 'node:events'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { test, type Test } from 'tap'
import { createBackendModeFile } from '../../src/backends/backend-mode-file.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

interface Started {
  /** The activated lists, in order. */
  readonly lists: readonly (readonly BackendMode[])[]
  readonly lines: readonly RecordedLine[]
  readonly reloads: readonly (number | null)[]
  /** Replaces or removes the file, and waits until its state is reported again. */
  readonly after: (text: string | null) => Promise<void>
}

async function start(t: Test, text: string | null, broken: BackendMode | null = null): Promise<Started> {
  const path = join(t.testdir({}), 'backends.json')
  const write = (content: string | null): void => {
    if (content === null) return rmSync(path, { force: true })
    writeFileSync(`${path}.new`, content)
    renameSync(`${path}.new`, path)
  }
  write(text)
  const { log, lines } = recordedLog()
  const lists: (readonly BackendMode[])[] = []
  const reloads: (number | null)[] = []
  const loads = new EventEmitter()
  const file = createBackendModeFile({
    path,
    backends: {
      current: () => [],
      replace: (modes) => {
        if (broken !== null && modes.includes(broken)) return Promise.reject(new Error('no API server'))
        lists.push(modes)
        return Promise.resolve()
      },
      stop: () => Promise.resolve(),
    },
    configured: ['MountedFile'],
    log,
    onReloaded: (updatedAt) => reloads.push(updatedAt),
    onChanged: () => loads.emit('told'),
  })
  t.teardown(() => file.stop())
  await file.start()
  return {
    lists,
    lines,
    reloads,
    after: async (content) => {
      const told = once(loads, 'told')
      write(content)
      await told
    },
  }
}

void test('the list of the file is active while the file exists', async (t) => {
  const { lists, reloads, after } = await start(t, '{"backendMode": "CRD MountedFile"}')
  t.same(lists, [['CRD', 'MountedFile']])
  await after('{"backendMode": "EKSConfigMap", "LastUpdatedDateTime": "1700000000"}')
  t.same(lists.at(-1), ['EKSConfigMap'])
  await after(null)
  t.same(lists.at(-1), ['MountedFile'], 'the configured list is back')
  t.same(reloads, [1_700_000_000])
})

void test('without the file the configured list is active', async (t) => {
  t.same((await start(t, null)).lists, [['MountedFile']])
})

void test('invalid content keeps the list', async (t) => {
  const { lists, lines, after } = await start(t, '{"backendMode": "CRD"}')
  for (const text of [
    'no JSON',
    '{"backendMode": "Nonsense"}',
    '{"backendMode": ""}',
    '{"backendMode": "CRD CRD"}',
    '{}',
  ]) {
    await after(text)
    t.same(lists, [['CRD']], text)
  }
  t.ok(lines.filter(({ level }) => level === 'error').length >= 5)
  await after('{"backendMode": "File"}')
  t.same(lists.at(-1), ['MountedFile'], 'an older name')
  t.ok(lines.some(({ level, message }) => level === 'warn' && message.includes('File')))
})

void test('a backend that cannot be created keeps the list', async (t) => {
  const { lists, lines, after } = await start(t, '{"backendMode": "MountedFile"}', 'CRD')
  await after('{"backendMode": "CRD"}')
  t.same(lists, [['MountedFile']])
  t.match(
    lines.find(({ level }) => level === 'error'),
    { fields: { error: 'no API server' } },
  )
})
