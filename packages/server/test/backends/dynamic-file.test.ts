import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { findEntry } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import { test, type Test } from 'tap'
import type { Backend } from '../../src/backends/backend.ts'
import { createDynamicFile } from '../../src/backends/dynamic-file.ts'
import { reader } from '../document-reader.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

const arn = 'arn:aws:iam::123456789012:role/Admin'

function content(username: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ mapRoles: [{ rolearn: arn, username, groups: [] }], ...more })
}

interface Started {
  readonly backend: Backend
  readonly lines: readonly RecordedLine[]
  readonly noted: readonly unknown[]
  /** Runs an action, and waits until the number of problems is reported again. */
  readonly after: (action: () => void) => Promise<void>
}

async function start(t: Test, path: string): Promise<Started> {
  const { log, lines } = recordedLog()
  const noted: unknown[] = []
  const loads = new EventEmitter()
  const backend = createDynamicFile({
    path,
    userIdStrict: false,
    gates: { sso: false },
    reader,
    log,
    onFileFailed: () => noted.push('failed'),
    onReloaded: (updatedAt) => noted.push(updatedAt),
    onProblems: () => loads.emit('told'),
  })
  t.teardown(() => backend.stop())
  await backend.start()
  return {
    backend,
    lines,
    noted,
    after: async (action) => {
      const told = once(loads, 'told')
      action()
      await told
    },
  }
}

function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

function usernameOf({ index }: BackendSnapshot): string | undefined {
  const found = index === null ? undefined : findEntry(index, { canonicalArn: arn, userId: 'AROA', sessionName: '' })
  return found !== undefined && 'username' in found ? found.username : undefined
}

void test('the file is followed: loaded, replaced, removed, restored', async (t) => {
  const path = join(t.testdir({ 'file.json': content('one', { LastUpdatedDateTime: '1' }) }), 'file.json')
  const { backend, noted, after } = await start(t, path)
  t.equal(backend.snapshot().mode, 'DynamicFile')
  t.equal(usernameOf(backend.snapshot()), 'one')
  t.same(noted, [], 'the first load is not counted')
  await after(() => replace(path, content('two', { LastUpdatedDateTime: '1700000000' })))
  t.equal(usernameOf(backend.snapshot()), 'two')
  await after(() => rmSync(path))
  t.equal(usernameOf(backend.snapshot()), undefined)
  t.not(backend.snapshot().index, null)
  await after(() => replace(path, content('three')))
  t.equal(usernameOf(backend.snapshot()), 'three')
  t.same(noted, [1_700_000_000, null])
})

void test('an error keeps the previous mappings', async (t) => {
  const path = join(t.testdir({ 'file.json': content('one') }), 'file.json')
  const { backend, lines, noted, after } = await start(t, path)
  await after(() => replace(path, '{"mapRoles": [{"username": "x"}]}'))
  t.equal(usernameOf(backend.snapshot()), 'one')
  t.type(backend.snapshot().fault, 'string')
  t.same(noted, ['failed'])
  t.ok(lines.some(({ level }) => level === 'error'))
})

void test('a missing file maps no one, and a file with an error from the start is a fault', async (t) => {
  const missing = await start(t, join(t.testdir({}), 'file.json'))
  t.match(missing.backend.snapshot(), { fault: null })
  t.equal(missing.backend.snapshot().index?.rolesByArn.size, 0)
  const bad = await start(t, join(t.testdir({ 'file.json': 'no JSON' }), 'file.json'))
  t.match(bad.backend.snapshot(), { index: null, fault: String })
})
