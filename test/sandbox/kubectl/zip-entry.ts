import { createReadStream, createWriteStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'

const END_OF_CENTRAL_DIRECTORY = 0x06054b50
const CENTRAL_FILE_HEADER = 0x02014b50
const END_RECORD_SIZE = 22
const LOCAL_HEADER_SIZE = 30
const LONGEST_COMMENT = 0xffff
const DEFLATE = 8

/** One file of a zip archive, as its central directory describes it. Sizes and offset in bytes. */
export type ZipEntry = {
  archive: string
  name: string
  size: number
  compressedSize: number
  crc32: number
  localHeaderOffset: number
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

async function readCentralDirectory(file: FileHandle, archive: string): Promise<Buffer> {
  const { size } = await file.stat()
  const tailLength = Math.min(size, END_RECORD_SIZE + LONGEST_COMMENT)
  const tail = await readAt(file, size - tailLength, tailLength)
  for (let at = tail.length - END_RECORD_SIZE; at >= 0; at--) {
    if (tail.readUInt32LE(at) === END_OF_CENTRAL_DIRECTORY) {
      return readAt(file, tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12))
    }
  }
  throw new Error(`${archive} is not a zip archive`)
}

/**
 * Finds one file in a zip archive (PKWARE APPNOTE 4.3; no ZIP64, no encryption).
 *
 * @throws Error if the archive is not a zip, lacks the entry, or the entry is not deflated.
 */
export async function findZipEntry(archive: string, name: string): Promise<ZipEntry> {
  await using file = await open(archive)
  const directory = await readCentralDirectory(file, archive)
  for (let at = 0; at < directory.length && directory.readUInt32LE(at) === CENTRAL_FILE_HEADER;) {
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28)
    if (directory.toString('utf8', at + 46, nameEnd) === name) {
      if (directory.readUInt16LE(at + 10) !== DEFLATE) throw new Error(`${name} in ${archive} is not deflated`)
      return {
        archive,
        name,
        crc32: directory.readUInt32LE(at + 16),
        compressedSize: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        localHeaderOffset: directory.readUInt32LE(at + 42),
      }
    }
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  throw new Error(`${archive} holds no ${name}`)
}

/**
 * Inflates an entry into a new file.
 *
 * @throws Error if the target exists, or if size or checksum differ from the central directory's.
 */
export async function extractZipEntry(entry: ZipEntry, target: string, mode: number): Promise<void> {
  await using file = await open(entry.archive)
  // The local header's name and extra field can be longer than the central directory's.
  const header = await readAt(file, entry.localHeaderOffset, LOCAL_HEADER_SIZE)
  const start = entry.localHeaderOffset + LOCAL_HEADER_SIZE + header.readUInt16LE(26) + header.readUInt16LE(28)
  let size = 0
  let checksum = 0
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      checksum = crc32(chunk, checksum)
      done(null, chunk)
    },
  })
  await pipeline(
    createReadStream(entry.archive, { start, end: start + entry.compressedSize - 1 }),
    createInflateRaw(),
    measure,
    createWriteStream(target, { flags: 'wx', mode }),
  )
  if (size !== entry.size || checksum !== entry.crc32) throw new Error(`${entry.name} in ${entry.archive} is damaged`)
}
