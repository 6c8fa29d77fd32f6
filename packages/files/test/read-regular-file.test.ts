import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { checkFileKind } from '../src/kind/check-file-kind.ts'
import { checkReplaceable } from '../src/check-replaceable.ts'
import { MAX_FILE_BYTES, UnreadableFile, type ReadFileOptions } from '../src/kind/file-kind.ts'
import { readRegularFileSync } from '../src/read-regular-file-sync.ts'
import { readRegularFile } from '../src/read-regular-file.ts'

/** Both variants, which must behave the same. */
const READERS: Readonly<Record<string, (path: string, options?: ReadFileOptions) => Promise<string>>> = {
  'in this thread': async (path, options) => readRegularFileSync(path, options),
  'in another thread': readRegularFile,
}

/** A folder with a file, links, a broken link, and things that are not regular files. */
function makeFolder(t: Test): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'authenticator-files-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = (name: string): string => join(folder, name)
  writeFileSync(path('file'), 'text')
  mkdirSync(path('directory'))
  spawnSync('mkfifo', [path('fifo')])
  for (const [name, target] of Object.entries({
    link: 'file',
    broken: 'gone',
    device: '/dev/zero',
    null: '/dev/null',
  })) {
    symlinkSync(target, path(name))
  }
  return path
}

function rejectEverything(): never {
  throw new Error('not this one')
}

for (const [name, read] of Object.entries(READERS)) {
  void test(`${name}: a regular file is read, also through a link`, async (t) => {
    const path = makeFolder(t)
    t.equal(await read(path('file')), 'text')
    t.equal(await read(path('link')), 'text')
    t.equal(await read(path('null')), '')
  })

  void test(`${name}: anything but a regular file is an error`, async (t) => {
    const path = makeFolder(t)
    for (const kind of ['directory', 'fifo', 'device']) {
      await t.rejects(read(path(kind)), { constructor: UnreadableFile, code: 'ENOTREG' }, kind)
    }
    await t.rejects(read(path('broken')), { constructor: UnreadableFile, code: 'ENOENT' })
    const missing: unknown = await read(path('missing')).catch((error: unknown) => error)
    t.match(missing, { code: 'ENOENT' })
    t.notOk(missing instanceof UnreadableFile, "a missing file is the system's error")
  })

  void test(`${name}: links are not followed if not allowed`, async (t) => {
    const path = makeFolder(t)
    const options = { followLinks: false }
    t.equal(await read(path('file'), options), 'text')
    for (const kind of ['link', 'broken', 'device']) {
      await t.rejects(read(path(kind), options), { code: 'ENOTREG' }, kind)
    }
    await t.rejects(read('/dev/stdin', options), { code: 'ENOTREG' })
  })

  void test(`${name}: the limit`, async (t) => {
    const path = makeFolder(t)
    t.equal(await read(path('file'), { maxBytes: 4 }), 'text')
    await t.rejects(read(path('file'), { maxBytes: 3 }), { code: 'EFBIG' })
    truncateSync(path('file'), MAX_FILE_BYTES)
    t.equal((await read(path('file'))).length, MAX_FILE_BYTES)
    truncateSync(path('file'), MAX_FILE_BYTES + 1)
    await t.rejects(read(path('file')), { code: 'EFBIG' })
  })

  void test(`${name}: an opened file can be rejected before it is read`, async (t) => {
    const path = makeFolder(t)
    await t.rejects(read(path('file'), { onOpen: rejectEverything }), { message: 'not this one' })
    let called = false
    const note = (): void => {
      called = true
    }
    await t.rejects(read(path('fifo'), { onOpen: note }), { code: 'ENOTREG' })
    t.notOk(called)
  })
}

void test('the kind of a file is checked without opening it', async (t) => {
  const path = makeFolder(t)
  for (const kind of ['file', 'link', 'null', 'broken', 'missing'])
    t.doesNotThrow(() => checkFileKind(path(kind)), kind)
  for (const kind of ['directory', 'fifo', 'device']) {
    t.throws(() => checkFileKind(path(kind)), { code: 'ENOTREG', message: path(kind) }, kind)
  }
})

void test('a rename replaces only regular files', async (t) => {
  const path = makeFolder(t)
  for (const kind of ['file', 'link', 'broken', 'missing']) await checkReplaceable(path(kind))
  for (const kind of ['directory', 'fifo', 'device', 'null']) {
    await t.rejects(checkReplaceable(path(kind)), { code: 'ENOTREG' }, kind)
  }
  for (const handedOver of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']) {
    await t.rejects(checkReplaceable(handedOver), { code: 'ENOTREG' }, handedOver)
  }
})
