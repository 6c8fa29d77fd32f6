import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('throw-away-root.sh', import.meta.url))

function isProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The reason why no program can run in its own root folder here; false if it can. */
export const noThrowAwayRoot: string | false =
  process.platform === 'linux' && process.getuid?.() === 0 && isProgram('unshare')
    ? false
    : 'only root on Linux, with unshare, has mounts and owners of its own'

/** A local path that is visible inside the root folder. */
export interface Mount {
  readonly from: string
  /** The path inside; made by {@link inThrowAwayRoot}. */
  readonly to: string
  readonly readOnly: boolean
  /** Default: a folder. */
  readonly file?: boolean
}

export interface ThrowAwayRoot {
  readonly root: string
  readonly mounts: readonly Mount[]
  readonly readOnly: boolean
  /** A path inside, with its arguments. */
  readonly program: readonly string[]
}

/** The program and arguments that run this inside of the root folder, from a mount namespace of its own. */
export function inThrowAwayRoot({ root, mounts, readOnly, program }: ThrowAwayRoot): [string, ...string[]] {
  const list = `${root}.mounts`
  const lines = mounts.map(({ from, to, readOnly: ro }) => `${from}\t${to}\t${ro ? 'ro' : 'rw'}\n`)
  writeFileSync(list, lines.join(''))
  for (const { to, file = false } of mounts) {
    // What is below /usr is there already: it is this machine's.
    if (to.startsWith('/usr/')) continue
    mkdirSync(join(root, file ? dirname(to) : to), { recursive: true })
    if (file) writeFileSync(join(root, to), '')
  }
  return [
    'unshare',
    '--mount',
    '--propagation=private',
    'bash',
    SCRIPT,
    root,
    list,
    readOnly ? 'yes' : 'no',
    ...program,
  ]
}
