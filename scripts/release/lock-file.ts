import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../build/bundle.ts'

/** The hash of each package's archive in the lock file, by `name@version`. */
export type LockedHashes = ReadonlyMap<string, string>

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}

/** Reads the hashes of pnpm's lock file: SHA-512 in base64, as `sha512-…`. */
export function readLockFile(): LockedHashes {
  const packages = property(parse(readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8')), 'packages')
  if (typeof packages !== 'object' || packages === null) throw new Error('pnpm-lock.yaml has no packages')
  const hashes = new Map<string, string>()
  for (const [name, locked] of Object.entries(packages)) {
    const integrity = property(property(locked, 'resolution'), 'integrity')
    if (typeof integrity === 'string' && integrity.startsWith('sha512-')) hashes.set(name, integrity)
  }
  return hashes
}

/** Returns the locked version of a package. The lock file must have exactly one. */
export function lockedVersion(hashes: LockedHashes, name: string): string {
  const versions = [...hashes.keys()]
    .filter((key) => key.startsWith(`${name}@`))
    .map((key) => key.slice(name.length + 1))
  const [version] = versions
  if (version === undefined || versions.length > 1) {
    throw new Error(`pnpm-lock.yaml should have ${name} once, and has it ${versions.length} times`)
  }
  return version
}
