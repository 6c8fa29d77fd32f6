import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { minimalEnvironment, temporaryFolder } from '../../e2e/harness/command.ts'
import { buildExecutable, createPerson, isInstalled, type Machine } from './machine.ts'

const QEMU = 'qemu-aarch64-static'
/** The C library for arm64. */
const SYSROOT = '/usr/aarch64-linux-gnu'

/** The reason why no arm64 executable runs here; false if it does. */
export const cannotRunArm64: string | false =
  isInstalled(QEMU) && existsSync(join(SYSROOT, 'lib/ld-linux-aarch64.so.1'))
    ? false
    : 'needs qemu: apt-get install qemu-user-static libc6-arm64-cross'

/** A machine with arm64, and the folder of the release's files for it. */
export interface Arm64 extends Machine {
  readonly release: string
}

/** Returns the command that runs an executable for arm64. */
export function onArm64(executable: string): readonly [string, ...string[]] {
  return [QEMU, '-L', SYSROOT, executable]
}

/** Builds the executable for Linux on arm64, to run under qemu. */
export function startArm64(t: Pick<Test, 'teardown'>): Arm64 {
  const release = temporaryFolder(t)
  const command = onArm64(buildExecutable('linux_arm64', release))
  return {
    release,
    command,
    printer: { name: 'print.sh', text: '#!/bin/sh\nexec cat "$(dirname "$0")/$1.json"\n' },
    person: (files) => {
      const home = temporaryFolder(t)
      const path = (name: string): string => join(home, name)
      const environment = minimalEnvironment(home)
      return createPerson({ home, path, command, environment, files: files?.(path) ?? {} })
    },
  }
}
