import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../e2e/harness/command.ts'
import type { Scope } from './children.ts'
import { PRODUCT, type CommandLine } from './commands.ts'

export const MEBIBYTE: number = 1024 * 1024

/** The control groups of memory, version 1. */
const GROUPS = '/sys/fs/cgroup/memory'

/** The kernel's default, in KiB. Disks of some virtual machines read a multiple of it at once, which does not fit into small limits. */
const READ_AHEAD = '128'

/** What the kernel counted, memory in MiB. */
interface GroupCounts {
  /** Memory that is not pages of files. */
  readonly anonymous: number
  /** The most that was charged: with pages of files, which the kernel takes back when memory is short. */
  readonly charged: number
  /** Pages that had to be read from the disk. */
  readonly majorFaults: number
  /** Processes that were killed for their memory. */
  readonly kills: number
}

/** A control group with a memory limit. */
export interface MemoryGroup {
  /** Starts the executable in it. The pages of its file count in it, as they do in the first pod of a node. */
  readonly command: CommandLine
  read(): GroupCounts
}

/** Sets the read-ahead of the disk that has this file. */
function limitReadAhead(scope: Scope, file: string): void {
  const { dev } = statSync(file)
  // makedev(3)
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)]
  const setting = `/sys/class/bdi/${major}:${minor}/read_ahead_kb`
  const before = readFileSync(setting, 'utf8')
  writeFileSync(setting, READ_AHEAD)
  scope.teardown(() => writeFileSync(setting, before))
}

/** A copy of the executable, so that no page of it is in memory yet. */
function copyExecutable(scope: Scope): string {
  const copy = join(temporaryFolder(scope), 'aws-iam-authenticator')
  const [[executable] = ['']] = PRODUCT.values()
  copyFileSync(executable, copy)
  limitReadAhead(scope, copy)
  spawnSync('sync', [copy])
  spawnSync('dd', [`if=${copy}`, 'iflag=nocache', 'count=0', 'status=none'])
  return copy
}

/** Creates a control group. Needs root and control groups of version 1. */
export function createMemoryGroup(scope: Scope, mebibytes: number): MemoryGroup {
  const group = join(GROUPS, `aws-iam-authenticator-${process.pid}-${Math.round(performance.now())}`)
  mkdirSync(group)
  writeFileSync(join(group, 'memory.limit_in_bytes'), String(mebibytes * MEBIBYTE))
  scope.teardown(async () => {
    // The kernel takes a moment to forget a process.
    for (let attempt = 0; attempt < 50; attempt += 1) {
      try {
        rmdirSync(group)
        return
      } catch {
        await sleep(100)
      }
    }
  })
  const number = (file: string, key: RegExp): number => Number(key.exec(readFileSync(join(group, file), 'utf8'))?.[1])
  return {
    command: ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', group, copyExecutable(scope)],
    read: () => ({
      anonymous: number('memory.stat', /^rss (\d+)$/m) / MEBIBYTE,
      charged: number('memory.max_usage_in_bytes', /^(\d+)$/m) / MEBIBYTE,
      majorFaults: number('memory.stat', /^pgmajfault (\d+)$/m),
      kills: number('memory.oom_control', /^oom_kill (\d+)$/m),
    }),
  }
}
