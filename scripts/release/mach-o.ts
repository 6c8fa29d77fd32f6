import { createHash } from 'node:crypto'

// Numbers of Apple's mach-o/loader.h and of xnu's bsd/sys/codesign.h.
const HEADER_BYTES = 32
const LC_SEGMENT_64 = 0x19
const LC_CODE_SIGNATURE = 0x1d
const EMBEDDED_SIGNATURE = 0xfade0cc0
const CODE_DIRECTORY = 0xfade0c02
const CODE_DIRECTORY_SLOT = 0
const SUPPORTS_EXEC_SEGMENT = 0x20400
const CODE_DIRECTORY_BYTES = 88
const AD_HOC_BY_LINKER = 0x20002
const SHA256 = 2
const SHA256_BYTES = 32
const PAGE_SHIFT = 12
const MAIN_BINARY = 1

interface Command {
  readonly type: number
  readonly at: number
}

function commandsOf(program: Buffer): Command[] {
  const commands: Command[] = []
  let at = HEADER_BYTES
  for (let left = program.readUInt32LE(16); left > 0; left -= 1) {
    commands.push({ type: program.readUInt32LE(at), at })
    at += program.readUInt32LE(at + 4)
  }
  return commands
}

function signatureCommand(program: Buffer): number {
  const command = commandsOf(program).find(({ type }) => type === LC_CODE_SIGNATURE)
  if (command === undefined) throw new Error('the executable has no place for a signature')
  return command.at
}

function segmentCommand(program: Buffer, name: string): number {
  const command = commandsOf(program).find(
    ({ type, at }) =>
      type === LC_SEGMENT_64 && program.toString('latin1', at + 8, at + 24).replaceAll('\0', '') === name,
  )
  if (command === undefined) throw new Error(`the executable has no segment ${name}`)
  return command.at
}

function pageHashes(code: Buffer, shift: number): Buffer[] {
  const hashes: Buffer[] = []
  for (let at = 0; at < code.length; at += 1 << shift) {
    hashes.push(
      createHash('sha256')
        .update(code.subarray(at, at + (1 << shift)))
        .digest(),
    )
  }
  return hashes
}

/**
 * Whether the signature of a Mach-O executable holds: it is of everything before it, and each page's hash is right. Of a
 * signature by a certificate this says nothing.
 */
export function isSigned(program: Buffer): boolean {
  const command = signatureCommand(program)
  const start = program.readUInt32LE(command + 8)
  const signature = program.subarray(start)
  if (signature.length < 12 || signature.readUInt32BE(0) !== EMBEDDED_SIGNATURE) return false
  for (let index = 0; index < signature.readUInt32BE(8); index += 1) {
    if (signature.readUInt32BE(12 + index * 8) !== CODE_DIRECTORY_SLOT) continue
    const directory = signature.subarray(signature.readUInt32BE(16 + index * 8))
    if (directory.readUInt32BE(0) !== CODE_DIRECTORY || directory[37] !== SHA256) return false
    const hashesAt = directory.readUInt32BE(16)
    if (directory.readUInt32BE(32) !== start) return false
    const expected = pageHashes(program.subarray(0, start), directory[39] ?? 0)
    return (
      directory.readUInt32BE(28) === expected.length &&
      Buffer.concat(expected).equals(directory.subarray(hashesAt, hashesAt + expected.length * SHA256_BYTES))
    )
  }
  return false
}

function codeDirectory(code: Buffer, identifier: string): Buffer {
  const text = segmentCommand(code, '__TEXT')
  const hashes = pageHashes(code, PAGE_SHIFT)
  const hashesAt = CODE_DIRECTORY_BYTES + identifier.length + 1
  const directory = Buffer.alloc(hashesAt + hashes.length * SHA256_BYTES)
  directory.writeUInt32BE(CODE_DIRECTORY, 0)
  directory.writeUInt32BE(directory.length, 4)
  directory.writeUInt32BE(SUPPORTS_EXEC_SEGMENT, 8)
  directory.writeUInt32BE(AD_HOC_BY_LINKER, 12)
  directory.writeUInt32BE(hashesAt, 16)
  directory.writeUInt32BE(CODE_DIRECTORY_BYTES, 20)
  directory.writeUInt32BE(hashes.length, 28)
  directory.writeUInt32BE(code.length, 32)
  directory.set([SHA256_BYTES, SHA256, 0, PAGE_SHIFT], 36)
  directory.writeBigUInt64BE(code.readBigUInt64LE(text + 40), 64)
  directory.writeBigUInt64BE(code.readBigUInt64LE(text + 48), 72)
  directory.writeBigUInt64BE(BigInt(MAIN_BINARY), 80)
  directory.write(identifier, CODE_DIRECTORY_BYTES, 'latin1')
  directory.set(Buffer.concat(hashes), hashesAt)
  return directory
}

/**
 * The executable with an ad hoc signature in the place of the one it has: what a linker puts there, hashes and no certificate.
 * macOS ends a program whose signature does not hold, which after Bun's compilation for x64 is that of Bun itself.
 */
export function signAdHoc(program: Buffer, identifier: string): Buffer {
  const command = signatureCommand(program)
  const start = program.readUInt32LE(command + 8)
  const pages = Math.ceil(start / (1 << PAGE_SHIFT))
  const size = 20 + CODE_DIRECTORY_BYTES + identifier.length + 1 + pages * SHA256_BYTES
  const padded = Math.ceil(size / 16) * 16
  const code = Buffer.from(program.subarray(0, start))
  // Both commands are on a page that is signed too.
  code.writeUInt32LE(padded, command + 12)
  const linkEdit = segmentCommand(code, '__LINKEDIT')
  code.writeBigUInt64LE(BigInt(start + padded) - code.readBigUInt64LE(linkEdit + 40), linkEdit + 48)
  const directory = codeDirectory(code, identifier)
  const head = Buffer.alloc(20)
  head.writeUInt32BE(EMBEDDED_SIGNATURE, 0)
  head.writeUInt32BE(head.length + directory.length, 4)
  head.writeUInt32BE(1, 8)
  head.writeUInt32BE(CODE_DIRECTORY_SLOT, 12)
  head.writeUInt32BE(head.length, 16)
  return Buffer.concat([code, head, directory, Buffer.alloc(padded - size)])
}
