import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const MEBIBYTE = 1024 * 1024

/**
 * Memory that the server needs in an ordinary cluster, in bytes, measured by `pnpm bench --only=limits`. With less it reads the pages of
 * its file again and again, so that logins fail, and with much less the kernel kills it.
 */
export const NEEDED_MEMORY: number = 80 * MEBIBYTE

/** Reads a file; null if it can't be read. */
type ReadFile = (path: string) => string | null

function readFileIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** Returns the paths of the memory limits of a control group and its ancestors. */
function limitFiles(membership: string): string[] {
  return membership.split('\n').flatMap((line) => {
    // hierarchy-ID:controller-list:cgroup-path, see cgroups(7). Version 2 has the hierarchy 0 and no list.
    const [hierarchy, controllers = '', ...rest] = line.split(':')
    const path = rest.join(':')
    const isVersion2 = hierarchy === '0' && controllers === ''
    if (!path.startsWith('/') || (!isVersion2 && !controllers.split(',').includes('memory'))) return []
    const mount = isVersion2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory'
    const name = isVersion2 ? 'memory.max' : 'memory.limit_in_bytes'
    const parts = path.split('/').filter((part) => part !== '')
    // In a container the path may exist on the host only. The mount is then the group itself.
    return [...parts.keys(), parts.length].map((depth) => join(mount, ...parts.slice(0, depth), name))
  })
}

/**
 * Returns the lowest memory limit, in bytes, of the control groups of this process; null if there is none.
 *
 * @see {@link https://docs.kernel.org/admin-guide/cgroup-v2.html | Control Group v2, memory.max}
 */
export function readMemoryLimit(read: ReadFile = readFileIfThere): number | null {
  const limits = limitFiles(read('/proc/self/cgroup') ?? '')
    .map((file) => read(file)?.trim() ?? '')
    .filter((text) => /^\d+$/.test(text))
    .map(Number)
    // Version 1 reports almost 2^63 if there is no limit.
    .filter((bytes) => bytes < 2 ** 60)
  return limits.length === 0 ? null : Math.min(...limits)
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / MEBIBYTE)}Mi`
}

/** Returns the warning to log if the limit is too low; null if it is not. */
export function memoryWarning(
  limit: number | null,
): { readonly message: string; readonly fields: { readonly limit: string; readonly needed: string } } | null {
  if (limit === null || limit >= NEEDED_MEMORY) return null
  return {
    message:
      'the memory limit is lower than what the server needs, so that logins fail or the kernel kills it: raise resources.limits.memory of its container',
    fields: { limit: mebibytes(limit), needed: mebibytes(NEEDED_MEMORY) },
  }
}
