import t from 'tap'
import { executableFault } from '../../scripts/release/executable-format.ts'
import { PLATFORMS, type Platform } from '../../scripts/release/platforms.ts'
import { hasHash } from '../../scripts/release/runtimes.ts'

function platform(name: string): Platform {
  const found = PLATFORMS.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no platform ${name}`)
  return found
}

function elf(machine: number, interpreter: string, rest: string): Buffer {
  const head = Buffer.alloc(64 + 56)
  head.write('\u007fELF\u0002', 0, 'latin1')
  head.writeUInt16LE(machine, 18)
  head.writeBigUInt64LE(64n, 32)
  head.writeUInt16LE(56, 54)
  head.writeUInt16LE(1, 56)
  head.writeUInt32LE(3, 64)
  head.writeBigUInt64LE(BigInt(head.length), 72)
  head.writeBigUInt64LE(BigInt(interpreter.length + 1), 96)
  return Buffer.concat([head, Buffer.from(`${interpreter}\0${rest}`)])
}

function pe(machine: number): Buffer {
  const head = Buffer.alloc(128)
  head.write('MZ', 0)
  head.writeUInt32LE(64, 60)
  head.write('PE\0\0', 64)
  head.writeUInt16LE(machine, 68)
  return Buffer.concat([head, Buffer.from('the commit')])
}

const GLIBC = '/lib64/ld-linux-x86-64.so.2'

t.test('an executable is accepted only for its platform', (t) => {
  const program = elf(0x3e, GLIBC, 'the commit')
  t.equal(executableFault(program, platform('linux_amd64'), 'the commit'), null)
  for (const { name } of PLATFORMS.filter(({ name }) => name !== 'linux_amd64')) {
    t.type(executableFault(program, platform(name), 'the commit'), 'string', name)
  }
  t.equal(executableFault(pe(0xaa64), platform('windows_arm64'), 'the commit'), null)
  t.type(executableFault(pe(0xaa64), platform('windows_amd64'), 'the commit'), 'string')
  t.end()
})

t.test("an executable that reads the runtime's variables, or is of another commit, is rejected", (t) => {
  for (const name of ['BUN_OPTIONS', 'BUN_INSPECT', 'JSC_functionOverrides\0']) {
    t.match(
      executableFault(elf(0x3e, GLIBC, `the commit ${name}`), platform('linux_amd64'), 'the commit'),
      name.replaceAll('\0', ''),
    )
  }
  t.match(executableFault(elf(0x3e, GLIBC, 'another'), platform('linux_amd64'), 'the commit'), 'the commit')
  t.end()
})

t.test('an archive must be the one of the lock file', (t) => {
  const integrity = 'sha512-MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw=='
  t.equal(hasHash(Buffer.from('hello world'), integrity), true)
  t.equal(hasHash(Buffer.from('hello worlds'), integrity), false)
  t.equal(hasHash(Buffer.from('hello world'), ''), false)
  t.end()
})
