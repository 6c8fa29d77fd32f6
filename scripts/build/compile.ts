import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './bundle.ts'
import { decisions, denyVariables } from './deny-variables.ts'
import { RECORDS_ORDER } from './runtime-variables.ts'

/** Bun as the install brings it: the compiler, and the runtime for the machine it runs on. */
export const INSTALLED_RUNTIME = join(ROOT, 'node_modules/bun/bin/bun.exe')

const FLAGS = [
  '--compile',
  '--bytecode',
  // The executable must not take settings, let alone code, from the folder that kubectl happens to run in.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  // What runs once, as most of a command does, is not worth compiling: to compile it takes longer and more memory than to interpret it.
  // Who runs on, as the server does, sets the normal policy once there is work.
  '--compile-jit-policy=10',
]

/**
 * Which functions runs of the command use: their bytecode lies together, so that fewer pages of the file are touched. Where bytecode
 * lies is all that it changes, so it may be older than the code. `pnpm bench:order` writes it.
 */
export const ORDER = join(ROOT, 'scripts/build/bytecode.order')

export interface CompileOptions {
  readonly bundle: string
  /** Bun's executable for the target. */
  readonly runtime: string
  /** As Bun names it (`bun-linux-arm64-musl`); this machine's own where it is left out. */
  readonly target?: string
  /** A folder of the caller's, in which nothing else is. */
  readonly folder: string
  /** Where the bytecode lies: as `ORDER` says, as it comes, or as it comes in an executable that records what is used. */
  readonly order?: 'recorded' | 'records'
}

/**
 * Compiles the bundle; gives the executable's path. The runtime's environment variables are denied beforehand: what Bun signs for
 * macOS must not change afterwards.
 */
export function compile({ bundle, runtime, target, folder, order }: CompileOptions): string {
  const tables = decisions(order === 'records' ? [RECORDS_ORDER] : [])
  const closed = join(folder, 'runtime', 'bun')
  mkdirSync(dirname(closed), { recursive: true })
  writeFileSync(closed, denyVariables(readFileSync(runtime), tables), { mode: 0o755 })
  // Where the bundle lies, seen from here, and the name of the output end up in the executable.
  copyFileSync(bundle, join(folder, 'aws-iam-authenticator.cjs'))
  const files = ['aws-iam-authenticator.cjs', '--outfile', 'aws-iam-authenticator']
  const targets = target === undefined ? [] : [`--target=${target}`]
  const orders = order === 'recorded' ? [`--bytecode-order=${ORDER}`] : []
  const args = ['build', ...files, ...FLAGS, ...targets, ...orders, `--compile-executable-path=${closed}`]
  execFileSync(INSTALLED_RUNTIME, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return join(folder, `aws-iam-authenticator${target?.startsWith('bun-windows') === true ? '.exe' : ''}`)
}
