import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../build/bundle.ts'
import { INSTALLED_RUNTIME } from '../build/compile.ts'
import { lockedVersion, type LockedHashes } from './lock-file.ts'
import type { Platform } from './platforms.ts'

const CACHE = join(ROOT, '.cache', 'runtimes')

/** Returns true if the archive matches the hash in the lock file. */
export function hasHash(archive: Buffer, integrity: string): boolean {
  return `sha512-${createHash('sha512').update(archive).digest('base64')}` === integrity
}

function isThisMachine({ target }: Platform): boolean {
  return target === `bun-${process.platform}-${process.arch}`
}

/**
 * Returns Bun's executable for a platform, in the locked version. For this machine it is the installed one. Others are
 * downloaded as npm packages, verified against the lock file and kept in `.cache/runtimes`.
 *
 * @param scratch A private folder to unpack into.
 * @throws {Error} The archive does not match the lock file.
 */
export function runtimeOf(platform: Platform, hashes: LockedHashes, scratch: string): string {
  if (isThisMachine(platform)) return INSTALLED_RUNTIME
  const version = lockedVersion(hashes, platform.runtime)
  const integrity = hashes.get(`${platform.runtime}@${version}`) ?? ''
  const archive = join(CACHE, `${platform.runtime.replace('@', '').replace('/', '-')}-${version}.tgz`)
  mkdirSync(CACHE, { recursive: true })
  if (!existsSync(archive)) {
    const aside = mkdtempSync(join(CACHE, 'fetch-'))
    try {
      const packed = execFileSync(
        'npm',
        ['pack', `${platform.runtime}@${version}`, '--silent', '--pack-destination', aside],
        {
          cwd: aside,
          encoding: 'utf8',
        },
      )
      renameSync(join(aside, packed.trim()), archive)
    } finally {
      rmSync(aside, { recursive: true })
    }
  }
  const bytes = readFileSync(archive)
  if (!hasHash(bytes, integrity)) {
    throw new Error(
      `${archive} is not the archive that pnpm-lock.yaml names: remove it and build again. If that fails, find out who changed the package`,
    )
  }
  // Unpack from memory each time, so that the verified bytes are the ones used.
  const folder = join(scratch, 'unpacked')
  mkdirSync(folder)
  execFileSync('tar', ['-xz', '-C', folder], { input: bytes })
  return join(folder, 'package', 'bin', `bun${platform.extension}`)
}
