import { crc32, deflateRawSync } from 'node:zlib'
import type { ArchivedFile } from './tar.ts'

const DEFLATE = 8
// Version 2.0 of the format, and 3 for "made on Unix", so that the attributes below have the file's mode.
const VERSION = 20
const UNIX = 3
const REGULAR_FILE = 0o100000

/** The date and time of MS-DOS, in UTC, in steps of two seconds. */
function dosTime(date: Date): number {
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate()
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1)
  return day * 0x10000 + time
}

/** The fields that a file's own header and its line in the directory share. */
function common(content: Buffer, compressed: Buffer, name: Buffer, date: Date): Buffer {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(VERSION, 0)
  fields.writeUInt16LE(DEFLATE, 4)
  fields.writeUInt32LE(dosTime(date), 6)
  fields.writeUInt32LE(crc32(content), 10)
  fields.writeUInt32LE(compressed.length, 14)
  fields.writeUInt32LE(content.length, 18)
  fields.writeUInt16LE(name.length, 22)
  return fields
}

/**
 * Makes a zip archive. The same files and date give the same bytes.
 *
 * @see {@link https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT | APPNOTE, .ZIP file format}
 */
export function zip(files: readonly ArchivedFile[], date: Date): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { path, content: given, isExecutable = false } of files) {
    if (!/^[ -~]{1,100}$/.test(path)) throw new Error(`"${path}" can't be the name of a file in the archive`)
    const name = Buffer.from(path)
    const content = Buffer.from(given)
    const compressed = deflateRawSync(content, { level: 6 })
    const fields = common(content, compressed, name, date)
    const line = Buffer.alloc(14)
    line.writeUInt32LE((REGULAR_FILE | (isExecutable ? 0o755 : 0o644)) * 0x10000, 6)
    line.writeUInt32LE(offset, 10)
    const madeBy = Buffer.from([VERSION, UNIX])
    directory.push(Buffer.from('PK\u0001\u0002'), madeBy, fields, line, name)
    parts.push(Buffer.from('PK\u0003\u0004'), fields, name, compressed)
    offset += 4 + fields.length + name.length + compressed.length
  }
  const length = directory.reduce((total, part) => total + part.length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}
