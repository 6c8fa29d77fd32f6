import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { checkFileKind } from '../../src/kind/check-file-kind.ts'

void test('a file at the limit is accepted, one byte more is rejected', async (t) => {
  const path = join(t.testdir({}), 'config')
  writeFileSync(path, 'x'.repeat(10))
  t.doesNotThrow(() => checkFileKind(path, 10))
  t.throws(() => checkFileKind(path, 9), { code: 'EFBIG', message: /config: it has 10 bytes: the limit is 9/ })
})

void test('a folder is not a file, and a missing path is left to the reader', async (t) => {
  const folder = t.testdir({})
  t.throws(() => checkFileKind(folder), { code: 'ENOTREG' })
  t.doesNotThrow(() => checkFileKind(join(folder, 'none')))
})
