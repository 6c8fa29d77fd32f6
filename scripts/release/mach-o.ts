// Bun signs executables for arm64 and not for x64, where the signature of its runtime stays and no longer matches. The release removes
// that one: macOS runs x64 programs without a signature, also under Rosetta, and Go's linker does not sign them either.
//
// No pinned tool signs for x64: npm has none, LIEF and py-arwen from PyPI can't sign, Debian does not package ldid or rcodesign.
// Debian's llvm-objcopy signs, but it also rearranges the file, and its bytes depend on the version of the machine.
import { createHash } from 'node:crypto'
import { unsign } from 'macho-unsign'

// Constants from Apple's mach-o/loader.h and xnu's bsd/sys/codesign.h.
const HEADER_BYTES = 32
const LC_CODE_SIGNATURE = 0x1d
const EMBEDDED_SIGNATURE = 0xfade0cc0
const CODE_DIRECTORY = 0xfade0c02
const CODE_DIRECTORY_SLOT = 0
const SHA256 = 2
const SHA256_BYTES = 32

/** Returns the offset of the load command that names the place of the signature. */
function signatureCommand(program: Buffer): number | undefined {
  let at = HEADER_BYTES
  for (let left = program.readUInt32LE(16); left > 0; left -= 1) {
    if (program.readUInt32LE(at) === LC_CODE_SIGNATURE) return at
    at += program.readUInt32LE(at + 4)
  }
  return undefined
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

/** Returns true if the code directory covers all code with the right hash of each page. */
function matches(directory: Buffer, code: Buffer): boolean {
  if (directory.readUInt32BE(0) !== CODE_DIRECTORY || directory[37] !== SHA256) return false
  if (directory.readUInt32BE(32) !== code.length) return false
  const hashesAt = directory.readUInt32BE(16)
  const expected = pageHashes(code, directory[39] ?? 0)
  return (
    directory.readUInt32BE(28) === expected.length &&
    Buffer.concat(expected).equals(directory.subarray(hashesAt, hashesAt + expected.length * SHA256_BYTES))
  )
}

/** Checks the hashes in the signature of a Mach-O executable. Does not check a certificate. */
export function signatureOf(program: Buffer): 'valid' | 'invalid' | 'none' {
  const command = signatureCommand(program)
  if (command === undefined) return 'none'
  const start = program.readUInt32LE(command + 8)
  const signature = program.subarray(start)
  if (signature.length < 12 || signature.readUInt32BE(0) !== EMBEDDED_SIGNATURE) return 'invalid'
  for (let index = 0; index < signature.readUInt32BE(8); index += 1) {
    if (signature.readUInt32BE(12 + index * 8) !== CODE_DIRECTORY_SLOT) continue
    const directory = signature.subarray(signature.readUInt32BE(16 + index * 8))
    return matches(directory, program.subarray(0, start)) ? 'valid' : 'invalid'
  }
  return 'invalid'
}

/** Returns the executable without its signature. */
export function withoutSignature(program: Buffer): Buffer {
  const unsigned = unsign(program)
  return unsigned === null ? program : Buffer.from(unsigned)
}
