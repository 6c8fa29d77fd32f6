import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import t from 'tap'
import { extractZipEntry, findZipEntry } from './zip-entry.ts'

const content = Buffer.from('some text, some text, some text\n'.repeat(100))

/** A zip of one file, with a local extra field that the central directory does not have, and a comment at the end. */
function zip(name: string, data: Buffer, method = 8): Buffer {
  const packed = method === 8 ? deflateRawSync(data) : data
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(method, 8)
  local.writeUInt16LE(name.length, 26)
  local.writeUInt16LE(4, 28)
  const body = Buffer.concat([local, Buffer.from(name), Buffer.alloc(4), packed])
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(method, 10)
  central.writeUInt32LE(crc32(data), 16)
  central.writeUInt32LE(packed.length, 20)
  central.writeUInt32LE(data.length, 24)
  central.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt32LE(46 + name.length, 12)
  end.writeUInt32LE(body.length, 16)
  end.writeUInt16LE(7, 20)
  return Buffer.concat([body, central, Buffer.from(name), end, Buffer.from('comment')])
}

await t.test('an entry is inflated with its mode', async (test) => {
  const dir = test.testdir({ 'a.zip': zip('dir/tool', content) })
  const entry = await findZipEntry(join(dir, 'a.zip'), 'dir/tool')
  test.equal(entry.size, content.length)
  await extractZipEntry(entry, join(dir, 'tool'), 0o700)
  test.ok(content.equals(await readFile(join(dir, 'tool'))))
  test.equal((await stat(join(dir, 'tool'))).mode & 0o777, 0o700)
})

await t.test('a damaged entry is refused', async (test) => {
  const dir = test.testdir({ 'a.zip': zip('tool', content) })
  const entry = await findZipEntry(join(dir, 'a.zip'), 'tool')
  await test.rejects(extractZipEntry({ ...entry, crc32: entry.crc32 ^ 1 }, join(dir, 'tool'), 0o700))
})

await t.test('an archive that is not a zip, lacks the entry or stores it uncompressed is rejected', async (test) => {
  const dir = test.testdir({ text: content, 'a.zip': zip('tool', content), 'stored.zip': zip('tool', content, 0) })
  await test.rejects(findZipEntry(join(dir, 'text'), 'tool'))
  await test.rejects(findZipEntry(join(dir, 'a.zip'), 'other'))
  await test.rejects(findZipEntry(join(dir, 'stored.zip'), 'tool'))
})
