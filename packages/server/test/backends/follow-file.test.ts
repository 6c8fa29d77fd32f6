import { once, EventEmitter } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { followFile } from '../../src/backends/follow-file.ts'

async function follow(t: Test, before?: (path: string, folder: string) => Promise<unknown>) {
  const folder = await mkdtemp(join(tmpdir(), 'follow-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'sub', 'map.json')
  await before?.(path, folder)
  const told: string[] = []
  const news = new EventEmitter()
  const tell = (state: string): void => {
    told.push(state)
    news.emit('told')
  }
  const file = followFile(path, {
    read: tell,
    missing: () => tell('missing'),
    failed: () => tell('failed'),
  })
  t.teardown(() => file.stop())
  await file.start()
  const next = async (): Promise<string | undefined> => {
    await once(news, 'told')
    return told.at(-1)
  }
  return { folder, path, sub: join(folder, 'sub'), told, next, file }
}

void test('a file that appears with its directory, changes in every way and disappears', async (t) => {
  const { folder, path, sub, told, next } = await follow(t)
  t.same(told, ['missing'], 'told before the start is over')
  await mkdir(sub)
  await writeFile(path, 'one')
  t.equal(await next(), 'one')
  await writeFile(path, 'two')
  t.equal(await next(), 'two', 'written in place, and of the same size')
  await writeFile(`${path}.new`, 'three')
  await rename(`${path}.new`, path)
  t.equal(await next(), 'three', 'replaced by rename')
  await rm(path)
  t.equal(await next(), 'missing')
  await mkdir(path)
  t.equal(await next(), 'failed', 'a directory is no file')
  await rm(path, { recursive: true })
  t.equal(await next(), 'missing')
  await writeFile(path, 'four')
  t.equal(await next(), 'four')
  await rename(sub, join(folder, 'old'))
  await mkdir(sub)
  await writeFile(path, 'five')
  t.equal(await next(), 'five', 'in another directory of the same name')
})

void test('a link with a changed target', async (t) => {
  const { folder, sub, told, next } = await follow(t, async (path, at) => {
    await mkdir(join(at, 'sub'))
    for (const version of ['v1', 'v2']) {
      await mkdir(join(at, version))
      await writeFile(join(at, version, 'map.json'), version)
    }
    await symlink('../v1', join(at, 'sub', '..data'))
    await symlink(join('..data', 'map.json'), path)
  })
  t.same(told, ['v1'])
  await symlink('../v2', join(sub, 'aside'))
  await rename(join(sub, 'aside'), join(sub, '..data'))
  t.equal(await next(), 'v2')
  await writeFile(join(folder, 'v2', 'map.json'), 'v2 changed')
  t.equal(await next(), 'v2 changed', 'a write where the link leads')
})

void test('a touch reports nothing, and a stop ends the following', async (t) => {
  const { path, told, next, file } = await follow(t, async (at, folder) => {
    await mkdir(join(folder, 'sub'))
    await writeFile(at, 'one')
  })
  await writeFile(path, 'one')
  await writeFile(`${path}.new`, 'one')
  await rename(`${path}.new`, path)
  const change = next()
  await writeFile(path, 'two')
  t.equal(await change, 'two')
  t.same(told, ['one', 'two'])
  await file.stop()
})
