import { existsSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { inScratchFolder } from '../../scripts/release/scratch.ts'

t.test('a scratch folder is private whatever the umask, and removed at the end', async (t) => {
  const parent = t.testdir()
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const folder = await inScratchFolder(parent, (made) => {
    t.equal(statSync(made).mode & 0o777, 0o700)
    t.equal(dirname(made), parent)
    writeFileSync(join(made, 'file'), '')
    return made
  })
  t.notOk(existsSync(folder))
})

t.test('a scratch folder is removed after an error, and its name is never the same', async (t) => {
  const parent = t.testdir()
  const made: string[] = []
  const fail = (folder: string): Promise<never> => {
    made.push(folder)
    writeFileSync(join(folder, 'file'), '')
    return Promise.reject(new Error('failed'))
  }
  for (let turn = 0; turn < 2; turn += 1) await t.rejects(inScratchFolder(parent, fail), { message: 'failed' })
  t.not(basename(made[0] ?? ''), basename(made[1] ?? ''))
  for (const folder of made) t.notOk(existsSync(folder))
})
