import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../build/bundle.ts'

const SOURCES = join(ROOT, 'scripts', 'release', 'nfpm')
const COMMAND = 'github.com/goreleaser/nfpm/v2/cmd/nfpm'

/**
 * Returns nfpm, which makes packages for Linux. Go builds it once from the version in `nfpm/go.mod`, checks its sources
 * against `nfpm/go.sum`, and the result is kept in `.cache/nfpm`.
 *
 * @throws {Error} Go is missing or too old, or the build fails.
 */
export function nfpm(): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const name of ['go.mod', 'go.sum']) hash.update(readFileSync(join(SOURCES, name)))
  const folder = join(ROOT, '.cache', 'nfpm', hash.digest('hex').slice(0, 16))
  const program = join(folder, 'nfpm')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const aside = `${program}.${randomUUID()}`
  try {
    execFileSync('go', ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-o', aside, COMMAND], {
      cwd: SOURCES,
      env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  } catch (error) {
    throw new Error('go could not build nfpm: put go 1.24 or newer on PATH, or write --without-packages', {
      cause: error,
    })
  }
  renameSync(aside, program)
  return program
}
