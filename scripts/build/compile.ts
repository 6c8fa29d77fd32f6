import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './bundle.ts'
import { withoutVariables } from './without-variables.ts'

/** Bun as the install brings it: the compiler, and the runtime for the machine it runs on. */
export const INSTALLED_RUNTIME = join(ROOT, 'node_modules/bun/bin/bun.exe')

const FLAGS = [
  '--compile',
  '--bytecode',
  // The executable must not take settings, let alone code, from the folder that kubectl happens to run in.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
]

/** What the runtime would do for these variables: be the whole of Bun, write a file, take code. */
const VARIABLES = ['BUN_BE_BUN', 'BUN_BYTECODE_ORDER_OUT', 'BUN_OPTIONS']

export interface CompileOptions {
  readonly bundle: string
  /** Bun's executable for the target. */
  readonly runtime: string
  /** As Bun names it (`bun-linux-arm64-musl`); this machine's own where it is left out. */
  readonly target?: string
  /** A folder of the caller's, in which nothing else is. */
  readonly folder: string
}

/**
 * Compiles the bundle; gives the executable's path. The variables are taken out of the runtime beforehand: what Bun signs for
 * macOS must not change afterwards.
 */
export function compile({ bundle, runtime, target, folder }: CompileOptions): string {
  const closed = join(folder, 'runtime', 'bun')
  mkdirSync(dirname(closed), { recursive: true })
  writeFileSync(closed, withoutVariables(readFileSync(runtime), VARIABLES), { mode: 0o755 })
  // Where the bundle lies, seen from here, and the name of the output end up in the executable.
  copyFileSync(bundle, join(folder, 'aws-iam-authenticator.cjs'))
  const files = ['aws-iam-authenticator.cjs', '--outfile', 'aws-iam-authenticator']
  const targets = target === undefined ? [] : [`--target=${target}`]
  const args = ['build', ...files, ...FLAGS, ...targets, `--compile-executable-path=${closed}`]
  execFileSync(INSTALLED_RUNTIME, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return join(folder, `aws-iam-authenticator${target?.startsWith('bun-windows') === true ? '.exe' : ''}`)
}
