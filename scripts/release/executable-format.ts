import { obeyedVariables } from '../build/deny-variables.ts'
import { isSigned } from './mach-o.ts'
import type { Platform } from './platforms.ts'

// Constants from the ELF specification, Apple's mach/machine.h and Microsoft's PE format.
const ELF_MACHINES = { x64: 0x3e, arm64: 0xb7 } as const
const MACH_O_CPUS = { x64: 0x01000007, arm64: 0x0100000c } as const
const PE_MACHINES = { x64: 0x8664, arm64: 0xaa64 } as const
const MACH_O_64 = 0xfeedfacf
const PT_INTERP = 3

function elfInterpreter(program: Buffer): string {
  const table = Number(program.readBigUInt64LE(32))
  const size = program.readUInt16LE(54)
  for (let index = 0; index < program.readUInt16LE(56); index += 1) {
    const header = table + index * size
    if (program.readUInt32LE(header) !== PT_INTERP) continue
    const start = Number(program.readBigUInt64LE(header + 8))
    return program.toString('latin1', start, start + Number(program.readBigUInt64LE(header + 32)) - 1)
  }
  return ''
}

function elfFault(program: Buffer, { cpu, interpreter }: Platform): string | null {
  if (program.toString('latin1', 0, 5) !== '\u007fELF\u0002') return 'is not a 64-bit ELF file'
  if (program.readUInt16LE(18) !== ELF_MACHINES[cpu]) return `is not for ${cpu}`
  return elfInterpreter(program) === interpreter ? null : `asks for the loader ${elfInterpreter(program)}`
}

function machOFault(program: Buffer, { cpu }: Platform): string | null {
  if (program.readUInt32LE(0) !== MACH_O_64) return 'is not a 64-bit Mach-O file'
  if (program.readUInt32LE(4) !== MACH_O_CPUS[cpu]) return `is not for ${cpu}`
  return isSigned(program) ? null : 'has a signature that does not hold'
}

function peFault(program: Buffer, { cpu }: Platform): string | null {
  const at = program.toString('latin1', 0, 2) === 'MZ' ? program.readUInt32LE(60) : 0
  if (program.toString('latin1', at, at + 4) !== 'PE\0\0') return 'is not a PE file'
  return program.readUInt16LE(at + 4) === PE_MACHINES[cpu] ? null : `is not for ${cpu}`
}

const FAULTS = { elf: elfFault, 'mach-o': machOFault, pe: peFault }

/** Returns the fault of an executable for this platform; null if there is none. `holds` is a text that it must contain. */
export function executableFault(program: Buffer, platform: Platform, holds: string): string | null {
  const fault = FAULTS[platform.format](program, platform)
  if (fault !== null) return fault
  const obeyed = obeyedVariables(program)
  if (obeyed.length > 0) return `obeys the variables ${obeyed.join(', ')}`
  return program.includes(holds) ? null : `holds no ${holds}`
}
