import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { test } from 'tap'
import { writeFileAtomically } from '../../src/write/write-file.ts'
import { modeOf, namesIn, temporaryFolder } from '../temporary-folder.ts'

const unwritable = { constructor: FileError, code: 'file_unwritable' }

void test('writes a new file and replaces an old one, with its mode whatever the umask', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'file')
  const umask = process.umask(0o077)
  t.teardown(() => process.umask(umask))

  await writeFileAtomically(path, 'one', { mode: 0o644 })
  t.equal(await modeOf(path), 0o644)
  await writeFileAtomically(path, 'two', { mode: 0o600 })
  t.equal(await modeOf(path), 0o600)
  t.equal(await readFile(path, 'utf8'), 'two')
  t.same(await namesIn(folder), ['file'], 'nothing is left aside')
})

void test('creates the folders above the file only if asked', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'a', 'b', 'file')
  await t.rejects(writeFileAtomically(path, 'text', { mode: 0o644 }), unwritable)
  t.same(await namesIn(folder), [])
  await writeFileAtomically(path, 'text', { mode: 0o644, makeDirectory: true })
  t.equal(await readFile(path, 'utf8'), 'text')
})

void test('an unwritable path is an error that names it, and changes nothing', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'file')
  const directory = join(folder, 'directory')
  await writeFile(file, 'text')
  await mkdir(directory)

  const below = join(file, 'below')
  await t.rejects(writeFileAtomically(below, 'x', { mode: 0o644 }), { ...unwritable, message: below })
  await t.rejects(writeFileAtomically(below, 'x', { mode: 0o644, makeDirectory: true }), unwritable)
  await t.rejects(writeFileAtomically(directory, 'x', { mode: 0o644 }), { ...unwritable, message: directory })
  t.equal(await readFile(file, 'utf8'), 'text')
  t.same(await namesIn(folder), ['directory', 'file'])
})
