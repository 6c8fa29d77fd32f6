import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { closeSync, openSync, readFileSync, readSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { UnreadableFile } from '../src/kind/file-kind.ts'
import { readRegularFileSync } from '../src/read-regular-file-sync.ts'
import { adviceFor, describeFailure, systemFailure } from '../src/system-failure.ts'
import { temporaryFolder } from './temporary-folder.ts'

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

void test('failures of real files have their code, the reason and the advice', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  symlinkSync('loop', join(folder, 'loop'))
  const closed = openSync(file, 'r')
  closeSync(closed)
  const rows: readonly (readonly [code: string, action: () => unknown])[] = [
    ['ENOENT', () => readFileSync(join(folder, 'none'))],
    ['EISDIR', () => readFileSync(folder)],
    ['ENOTDIR', () => readFileSync(join(file, 'below'))],
    ['ELOOP', () => readFileSync(join(folder, 'loop'))],
    ['ENAMETOOLONG', () => readFileSync(join(folder, 'x'.repeat(300)))],
    ['EBADF', () => readSync(closed, Buffer.alloc(1))],
  ]
  for (const [code, action] of rows) {
    const error = thrownBy(action)
    const advice = adviceFor(error)
    t.type(advice, 'string', code)
    t.match(error, { code })
    const description = describeFailure(error)
    t.ok(description.endsWith(` (${code}): ${advice ?? ''}`), description)
    t.notOk(description.includes(folder), 'the caller names the path')
    t.match(systemFailure(error), { constructor: FileError, code: 'file_unreadable', cause: error })
  }
})

void test('the converted error names the path, if the system does', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'none')
  const named = systemFailure(thrownBy(() => readFileSync(path)))
  t.ok(named?.message.startsWith(`can't use ${path}: `))
  const unnamed = systemFailure(Object.assign(new Error('write failed'), { code: 'ENOSPC' }))
  t.equal(unnamed?.message, 'write failed')
})

void test('a file that is rejected before it is read describes itself', async (t) => {
  const folder = await temporaryFolder(t)
  const error = thrownBy(() => readRegularFileSync(folder))
  t.type(error, UnreadableFile)
  t.match(describeFailure(error), /^it is a directory, not a regular file/)
  t.match(systemFailure(error), { code: 'file_unreadable' })
})

void test('other errors are not failures of the machine', async (t) => {
  for (const error of [new TypeError('a bug'), Object.assign(new Error('x'), { code: 'EOTHER' }), 'text', undefined]) {
    t.equal(adviceFor(error), undefined)
    t.equal(systemFailure(error), undefined)
  }
  t.equal(describeFailure(new TypeError('a bug')), 'a bug')
  t.equal(describeFailure('text'), 'text')
})
