import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './command.ts'

const PAGE = 4096

/** The reason why no disk can be mounted here; false if one can. */
export const cannotMount: string | false =
  spawnSync('unshare', ['--mount', 'true']).status === 0 ? false : 'only root can mount a small disk'

/** A small disk, mounted in a private namespace. */
export interface SmallDisk {
  /** Enters the mount namespace with the disk. */
  readonly folder: string
  /** Leaves this number of pages of 4 KiB. A small file takes one. */
  leave(pages: number): void
  makeReadOnly(): void
}

/** Mounts a disk of that many pages until the test ends. */
export async function mountSmallDisk(t: { teardown(action: () => unknown): void }, pages = 64): Promise<SmallDisk> {
  const point = temporaryFolder(t)
  const script = 'mount -t tmpfs -o "size=$1,mode=0755" small "$0" && echo mounted && exec cat'
  const holder = spawn('unshare', ['--mount', 'sh', '-c', script, point, String(pages * PAGE)], { stdio: 'pipe' })
  const ended = once(holder, 'close')
  t.teardown(async () => {
    holder.kill('SIGKILL')
    await ended
  })
  await once(holder.stdout, 'data')
  const pid = String(holder.pid)
  const folder = join('/proc', pid, 'root', point)
  const ballast = join(folder, '.ballast')
  return {
    folder,
    leave: (room) => {
      rmSync(ballast, { force: true })
      const free = Number(execFileSync('stat', ['--file-system', '--format=%f', folder], { encoding: 'utf8' }))
      if (free > room) writeFileSync(ballast, Buffer.alloc((free - room) * PAGE))
    },
    makeReadOnly: () => {
      execFileSync('nsenter', ['--mount', '--target', pid, 'mount', '-o', 'remount,ro', point])
    },
  }
}
