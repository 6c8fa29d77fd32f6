import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Runs `work` with a new private folder (mode 0700) in `parent`. Removes the folder afterwards, even after an error. */
export async function inScratchFolder<T>(parent: string, work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(parent, 'scratch-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
