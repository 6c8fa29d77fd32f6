import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Hands a new folder in `parent` to `work`. Nobody else can enter it (mode 0700), and it is removed at the end, also after an error. */
export async function inScratchFolder<T>(parent: string, work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(parent, 'scratch-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
