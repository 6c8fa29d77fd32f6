import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand, type Environment, type Finished, type RunOptions } from '../../e2e/harness/command.ts'

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** A home folder on an emulated machine, and the executable to run in it. */
export interface Person {
  /** The home folder on this machine. */
  readonly home: string
  /** Returns the path on the emulated machine of a file in the home folder. */
  readonly path: (name: string) => string
  /** Runs the executable, or another command, in the home folder. */
  readonly run: (
    args: readonly string[],
    environment?: Environment,
    options?: Pick<RunOptions, 'input' | 'command'>,
  ) => Promise<Finished>
}

/** An emulated machine with a release executable. */
export interface Machine {
  /** The executable and its emulator. */
  readonly command: readonly [string, ...string[]]
  /** A script that prints the file `<its argument>.json` of its own folder. */
  readonly printer: { readonly name: string; readonly text: string }
  /** Creates a home folder. Its files may name each other by their paths on the emulated machine. */
  readonly person: (files?: (path: Person['path']) => Readonly<Record<string, string>>) => Person
}

/** Builds the executable of a release for a platform; gives its path. */
export function buildExecutable(platform: string, output: string): string {
  const only = ['--without-image', `--platform=${platform}`, `--output=${output}`]
  const args = ['--no-warnings', 'scripts/release.ts', ...only]
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  const name = readdirSync(output).find((each) => each.replace(/\.exe$/, '').endsWith(platform))
  if (name === undefined) throw new Error(`no executable for ${platform} in ${output}`)
  return join(output, name)
}

interface PersonOptions extends Pick<Person, 'home' | 'path'> {
  readonly command: Machine['command']
  readonly environment: Environment
  readonly files: Readonly<Record<string, string>>
}

/** Creates the files of a person. */
export function createPerson({ home, path, command, environment, files }: PersonOptions): Person {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text, { mode: 0o700 })
  }
  const run: Person['run'] = (args, more = {}, options = {}) =>
    runCommand(args, { command, cwd: home, environment: { ...environment, ...more }, ...options })
  return { home, path, run }
}

/** Returns true if this program can be started. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
