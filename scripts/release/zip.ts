import { zipSync, type Zippable } from 'fflate'
import type { ArchivedFile } from './tar.ts'

/** The system of the attributes: Unix, so that they have the file's mode. */
const UNIX = 3
const REGULAR_FILE = 0o100000

/** Makes a zip archive, with noon of the date as the time of all files. The same files and date give the same bytes. */
export function zip(files: readonly ArchivedFile[], date: Date): Buffer {
  // A zip archive has local times. This one exists in each zone, whatever its summer time.
  const mtime = new Date(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), 12)
  const members: Zippable = Object.fromEntries(
    files.map(({ path, content, isExecutable = false }) => {
      const attrs = (REGULAR_FILE | (isExecutable ? 0o755 : 0o644)) * 0x10000
      return [path, [Buffer.from(content), { level: 6, mtime, os: UNIX, attrs }]]
    }),
  )
  return Buffer.from(zipSync(members))
}
