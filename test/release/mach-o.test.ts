import t from 'tap'
import { isSigned, signAdHoc } from '../../scripts/release/mach-o.ts'

const CODE_BYTES = 3 * 4096 + 512

function segment(name: string, offset: number, size: number): Buffer {
  const command = Buffer.alloc(72)
  command.writeUInt32LE(0x19, 0)
  command.writeUInt32LE(command.length, 4)
  command.write(name, 8, 'latin1')
  command.writeBigUInt64LE(BigInt(offset), 40)
  command.writeBigUInt64LE(BigInt(size), 48)
  return command
}

/** A minimal Mach-O file for a signature: two segments, and space at the end. */
function unsigned(): Buffer {
  const place = Buffer.alloc(16)
  place.writeUInt32LE(0x1d, 0)
  place.writeUInt32LE(place.length, 4)
  place.writeUInt32LE(CODE_BYTES, 8)
  place.writeUInt32LE(48, 12)
  const commands = [segment('__TEXT', 0, 8192), segment('__LINKEDIT', 8192, CODE_BYTES + 48 - 8192), place]
  const header = Buffer.alloc(32)
  header.writeUInt32LE(0xfeedfacf, 0)
  header.writeUInt32LE(0x01000007, 4)
  header.writeUInt32LE(commands.length, 16)
  const head = Buffer.concat([header, ...commands])
  return Buffer.concat([head, Buffer.alloc(CODE_BYTES - head.length, 'code'), Buffer.alloc(48)])
}

t.test('a file signed ad hoc has a valid signature for every page', (t) => {
  const program = unsigned()
  t.equal(isSigned(program), false)
  const signed = signAdHoc(program, 'command')
  t.equal(isSigned(signed), true)
  for (const at of [40, 4096, 8192, CODE_BYTES - 1]) {
    const changed = Buffer.from(signed)
    changed[at] = (changed[at] ?? 0) ^ 1
    t.equal(isSigned(changed), false, `byte ${at}`)
  }
  t.end()
})

t.test('a file signed again has one signature, and its segment ends with the file', (t) => {
  const signed = signAdHoc(unsigned(), 'command')
  t.same(signAdHoc(signed, 'command'), signed)
  const linkEdit = 32 + 72
  t.equal(signed.readBigUInt64LE(linkEdit + 40) + signed.readBigUInt64LE(linkEdit + 48), BigInt(signed.length))
  t.end()
})

t.test('the original is unchanged', (t) => {
  const program = unsigned()
  signAdHoc(program, 'command')
  t.same(program, unsigned())
  t.end()
})
