import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { finish, spawnCommand, type Finished, type RunOptions } from './command.ts'

/** Kinds of irregular files. */
export const ODD_KINDS = ['FIFO', 'device', 'socket', 'directory', 'broken link'] as const
export type OddKind = (typeof ODD_KINDS)[number]

/** The name of the kind in errors. */
export const ODD_WORDS: Readonly<Record<OddKind, RegExp>> = {
  FIFO: /it is a FIFO, not a regular file/,
  device: /it is a device, not a regular file/,
  socket: /it is a socket, not a regular file/,
  directory: /it is a directory, not a regular file/,
  'broken link': /it is a symbolic link to a file that does not exist/,
}

/** A command that waits for a FIFO is killed after this time, in milliseconds. */
const PATIENCE_MS = 15_000

/** Creates it, with its folder. The device is endless. */
export async function makeOddFile(
  t: { teardown(action: () => unknown): void },
  kind: OddKind,
  path: string,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  switch (kind) {
    case 'FIFO':
      if (spawnSync('mkfifo', ['-m', '600', path]).status !== 0) throw new Error(`no FIFO at ${path}`)
      return
    case 'device':
      symlinkSync('/dev/zero', path)
      return
    case 'socket': {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(path, resolve)
      })
      t.teardown(() => server.close())
      return
    }
    case 'directory':
      mkdirSync(path)
      return
    case 'broken link':
      symlinkSync(`${path}.gone`, path)
  }
}

/** Runs the command. `signal` is set if it did not end by itself. */
export async function runBounded(args: readonly string[], options: RunOptions): Promise<Finished> {
  const child = spawnCommand(args, options)
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const finished = await finish(child, options.input)
  clearTimeout(timer)
  return finished
}
