import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Creates an empty folder that is removed at the end of the test `t`. */
export async function temporaryFolder(t: Pick<Test, 'teardown'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'authenticator-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return folder
}

export async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o7777
}

/** The sorted names of the files in a folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort()
}
