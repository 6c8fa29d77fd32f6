import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './bundle.ts'
import { denyVariables } from './deny-variables.ts'

/** Bun's executable of the install: the compiler, and the runtime for this machine. */
export const INSTALLED_RUNTIME = join(ROOT, 'node_modules/bun/bin/bun.exe')

const FLAGS = [
  '--compile',
  '--bytecode',
  // The executable must not load settings or code from the working directory of kubectl.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  // Most commands run each function once, and to interpret that takes less time and memory than to compile it. The server sets the
  // usual policy when it has work.
  '--compile-jit-policy=10',
]

export interface CompileOptions {
  readonly bundle: string
  /** Bun's executable for the target. */
  readonly runtime: string
  /** Bun's name of the target, such as `bun-linux-arm64-musl`. The default is this machine. */
  readonly target?: string
  /** An empty folder of the caller. */
  readonly folder: string
}

/**
 * Compiles the bundle and returns the path of the executable. Denies the runtime's environment variables first, because what Bun
 * signs for macOS must not change afterwards.
 */
export function compile({ bundle, runtime, target, folder }: CompileOptions): string {
  const restricted = join(folder, 'runtime', 'bun')
  mkdirSync(dirname(restricted), { recursive: true })
  writeFileSync(restricted, denyVariables(readFileSync(runtime)), { mode: 0o755 })
  // The executable contains the relative path of the bundle and the name of the output.
  copyFileSync(bundle, join(folder, 'aws-iam-authenticator.cjs'))
  const files = ['aws-iam-authenticator.cjs', '--outfile', 'aws-iam-authenticator']
  const targets = target === undefined ? [] : [`--target=${target}`]
  const args = ['build', ...files, ...FLAGS, ...targets, `--compile-executable-path=${restricted}`]
  execFileSync(INSTALLED_RUNTIME, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return join(folder, `aws-iam-authenticator${target?.startsWith('bun-windows') === true ? '.exe' : ''}`)
}
