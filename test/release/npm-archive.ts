import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/build/bundle.ts'

/** A program in an archive of npm. It is not a dependency, because it is large and one test alone needs it. */
export interface ArchivedProgram {
  /** The package, with its version. */
  readonly name: string
  /** The SHA-512 of the archive, in base64. */
  readonly sha512: string
  /** The path of the program in the archive. */
  readonly path: string
}

/** Downloads a program once and checks its archive. Returns its path. */
export function archivedProgram({ name, sha512, path }: ArchivedProgram): string {
  const folder = join(ROOT, '.cache', 'npm-archives', name.replaceAll('/', '-'))
  const archive = join(folder, 'archive.tgz')
  if (!existsSync(archive)) {
    mkdirSync(folder, { recursive: true })
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, name], { encoding: 'utf8' })
    renameSync(join(folder, packed.trim()), archive)
  }
  const found = createHash('sha512').update(readFileSync(archive)).digest('base64')
  if (found !== sha512) throw new Error(`${archive} has another hash than expected: remove it`)
  const program = join(folder, path)
  if (!existsSync(program)) execFileSync('tar', ['-xzf', archive, '-C', folder, path])
  return program
}
