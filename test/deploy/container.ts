import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Agent, request } from 'undici'

export interface ContainerOptions {
  /** The root folder of the image, mounted read-only. */
  readonly root: string
  /** By path in the container: a folder of this machine, mounted read-only. */
  readonly mounts: Readonly<Record<string, string>>
  readonly args: readonly string[]
  /** The output that shows that it is ready. */
  readonly ready: string
}

/** The command in the image's root, started as by a container runtime, on the network of this machine. */
export interface Container {
  readonly pid: number
  output(): string
  /** The body of a GET. */
  get(url: string, certificatePath: string): Promise<string>
  /** Stops it by SIGTERM. */
  stop(): Promise<{ code: number | null }>
}

/** A folder or file of this machine in a container. */
export interface Mount {
  /** The path in the container. */
  readonly path: string
  readonly source: string
  readonly isWritable?: boolean
}

export interface CommandOptions {
  /** The root folder of the image, mounted read-only. */
  readonly root: string
  readonly mounts: readonly Mount[]
  /** A static program that emulates the processor of the image. */
  readonly emulator?: string
}

/** In its own mount namespace. Each program replaces the previous one, so that the command has this process' id. */
const START = `
set -eu
root="$1"; shift
mount --make-rprivate /
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
  mount --bind "$2" "$root$1"
  [ "$3" = rw ] || mount -o remount,bind,ro "$root$1"
  shift 3
done
shift
mount -t proc proc "$root/proc"
for device in null zero urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec=10000:10000 "$root" "$@"
`

/**
 * Returns the command that starts the image's entry point as a container runtime does: as uid 10000, with a read-only root.
 * Creates the mount points. Needs root.
 */
export function containerCommand({ root, mounts, emulator }: CommandOptions): readonly [string, ...string[]] {
  const emulators = emulator === undefined ? [] : [{ path: '/emulator', source: emulator }]
  const all: readonly Mount[] = [...mounts, ...emulators]
  for (const { path, source } of [...all, { path: '/proc', source: '/proc' }, { path: '/dev', source: '/dev' }]) {
    const isFolder = statSync(source).isDirectory()
    mkdirSync(isFolder ? join(root, path) : dirname(join(root, path)), { recursive: true })
    if (!isFolder) writeFileSync(join(root, path), '')
  }
  for (const device of ['null', 'zero', 'urandom']) writeFileSync(join(root, 'dev', device), '')
  const mounted = all.flatMap(({ path, source, isWritable = false }) => [path, source, isWritable ? 'rw' : 'ro'])
  const program = [...emulators.map(({ path }) => path), '/aws-iam-authenticator']
  return ['unshare', '--mount', 'sh', '-c', START, 'sh', root, ...mounted, '--', ...program]
}

/** Starts the command and waits until it is ready. Needs root. */
export async function startContainer(
  t: { teardown(action: () => unknown): void },
  { root, mounts, args, ready }: ContainerOptions,
): Promise<Container> {
  const readOnly = Object.entries(mounts).map(([path, source]) => ({ path, source }))
  const [program, ...before] = containerCommand({ root, mounts: readOnly })
  const child = spawn(program, [...before, ...args], {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  t.teardown(() => child.kill('SIGKILL') && ended)
  let output = ''
  const listening = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.includes(ready)) listening.resolve()
    })
  }
  child.once('close', () => listening.reject(new Error(`ended before it was ready: ${output}`)))
  await listening.promise
  return {
    pid: child.pid ?? 0,
    output: () => output,
    get: async (url, certificatePath) => {
      const dispatcher = new Agent({ connect: { ca: readFileSync(certificatePath, 'utf8') } })
      const { body } = await request(url, { dispatcher })
      const text = await body.text()
      await dispatcher.close()
      return text
    },
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      return { code: child.exitCode }
    },
  }
}
