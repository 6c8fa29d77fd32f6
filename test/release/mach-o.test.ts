import { createHash } from 'node:crypto'
import t from 'tap'
import { executableFault } from '../../scripts/release/executable-format.ts'
import { signatureOf, withoutSignature } from '../../scripts/release/mach-o.ts'
import { PLATFORMS } from '../../scripts/release/platforms.ts'

const PAGE = 4096
const CODE_BYTES = 3 * PAGE + 512
const HASHES_AT = 48
const CPU = { x64: 0x01000007, arm64: 0x0100000c } as const

function segment(name: string, offset: number, size: number): Buffer {
  const command = Buffer.alloc(72)
  command.writeUInt32LE(0x19, 0)
  command.writeUInt32LE(command.length, 4)
  command.write(name, 8, 'latin1')
  command.writeBigUInt64LE(BigInt(offset), 40)
  command.writeBigUInt64LE(BigInt(size), 48)
  return command
}

/** A signature with one hash for each page of the code, the last of them of a part of a page. */
function signatureFor(code: Buffer): Buffer {
  const pages = Array.from({ length: Math.ceil(code.length / PAGE) }, (_, page) =>
    code.subarray(page * PAGE, (page + 1) * PAGE),
  )
  const hashes = pages.map((page) => createHash('sha256').update(page).digest())
  const directory = Buffer.alloc(HASHES_AT)
  directory.writeUInt32BE(0xfade0c02, 0)
  directory.writeUInt32BE(HASHES_AT, 16)
  directory.writeUInt32BE(hashes.length, 28)
  directory.writeUInt32BE(code.length, 32)
  directory.set([32, 2, 0, 12], 36)
  const head = Buffer.alloc(20)
  head.writeUInt32BE(0xfade0cc0, 0)
  head.writeUInt32BE(1, 8)
  head.writeUInt32BE(head.length, 16)
  return Buffer.concat([head, directory, ...hashes])
}

const SIGNATURE_BYTES = signatureFor(Buffer.alloc(CODE_BYTES)).length

/** A minimal Mach-O file with a valid signature: two segments, and the signature at the end. */
function signed(cpu: 'x64' | 'arm64'): Buffer {
  const place = Buffer.alloc(16)
  place.writeUInt32LE(0x1d, 0)
  place.writeUInt32LE(place.length, 4)
  place.writeUInt32LE(CODE_BYTES, 8)
  place.writeUInt32LE(SIGNATURE_BYTES, 12)
  const linkEdit = segment('__LINKEDIT', CODE_BYTES, SIGNATURE_BYTES)
  const commands = Buffer.concat([segment('__TEXT', 0, CODE_BYTES), linkEdit, place])
  const header = Buffer.alloc(32)
  header.writeUInt32LE(0xfeedfacf, 0)
  header.writeUInt32LE(CPU[cpu], 4)
  header.writeUInt32LE(3, 16)
  header.writeUInt32LE(commands.length, 20)
  const head = Buffer.concat([header, commands])
  const code = Buffer.concat([head, Buffer.alloc(CODE_BYTES - head.length, 'the commit ')])
  return Buffer.concat([code, signatureFor(code)])
}

function changedAt(program: Buffer, at: number): Buffer {
  const changed = Buffer.from(program)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

function faultOf(program: Buffer, name: string): string | null {
  const platform = PLATFORMS.find((candidate) => candidate.name === name)
  if (platform === undefined) throw new Error(`no platform ${name}`)
  return executableFault(program, platform, 'the commit')
}

t.test('a signature is valid if the hash of each page is right', (t) => {
  const program = signed('arm64')
  t.equal(signatureOf(program), 'valid')
  // In the header, in each page, in the last byte of the code, and in a hash.
  for (const at of [28, PAGE, 2 * PAGE, 3 * PAGE, CODE_BYTES - 1, program.length - 1]) {
    t.equal(signatureOf(changedAt(program, at)), 'invalid', `byte ${at}`)
  }
  t.equal(signatureOf(program.subarray(0, CODE_BYTES)), 'invalid', 'cut off')
  t.end()
})

t.test('a file without its signature ends where the signature began', (t) => {
  const program = changedAt(signed('x64'), PAGE)
  const unsigned = withoutSignature(program)
  t.equal(signatureOf(unsigned), 'none')
  t.equal(unsigned.length, CODE_BYTES)
  const linkEdit = 32 + 72
  t.equal(unsigned.readBigUInt64LE(linkEdit + 40) + unsigned.readBigUInt64LE(linkEdit + 48), BigInt(CODE_BYTES))
  t.same(unsigned.subarray(PAGE), program.subarray(PAGE, CODE_BYTES))
  t.equal(withoutSignature(unsigned), unsigned, 'there is nothing to remove')
  t.end()
})

t.test('an executable for arm64 needs a valid signature, one for amd64 must not have an invalid one', (t) => {
  t.equal(faultOf(signed('arm64'), 'darwin_arm64'), null)
  t.equal(faultOf(changedAt(signed('arm64'), PAGE), 'darwin_arm64'), 'has a signature that does not match its code')
  t.equal(faultOf(withoutSignature(signed('arm64')), 'darwin_arm64'), 'has no signature')
  t.equal(faultOf(signed('x64'), 'darwin_amd64'), null)
  t.equal(faultOf(changedAt(signed('x64'), PAGE), 'darwin_amd64'), 'has a signature that does not match its code')
  t.equal(faultOf(withoutSignature(signed('x64')), 'darwin_amd64'), null)
  t.end()
})
