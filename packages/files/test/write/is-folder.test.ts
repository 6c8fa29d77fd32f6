import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, parse } from 'node:path'
import t from 'tap'
import { isFolder } from '../../src/write/is-folder.ts'

t.test('a path that leads to a folder', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'is-folder-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [file, link] = [join(folder, 'file'), join(folder, 'link')]
  writeFileSync(file, '')
  symlinkSync(folder, link)
  for (const path of ['.', '..', parse(folder).root, folder, link]) t.equal(isFolder(path), true, path)
  for (const path of [file, join(file, 'below'), join(folder, 'missing'), '']) t.equal(isFolder(path), false, path)
  t.end()
})
