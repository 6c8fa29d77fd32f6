import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** In its own mount namespace. Each program replaces the previous one, so that the command has this process' id. */
const START = `
set -eu
root="$1"; shift
mount --make-rprivate /
mount --bind "$root" "$root"
while [ "$1" != -- ]; do mount --bind "$2" "$root$1"; mount -o remount,bind,ro "$root$1"; shift 2; done
shift
mount -t proc proc "$root/proc"
for device in null zero urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec=10000:10000 "$root" /aws-iam-authenticator "$@"
`

/** Starts the command and waits until it is ready. Needs root. */
export async function startContainer(
  t: { teardown(action: () => unknown): void },
  { root, mounts, args, ready }: ContainerOptions,
): Promise<Container> {
  // Mount points, as a container runtime creates them.
  for (const path of [...Object.keys(mounts), '/proc', '/dev']) mkdirSync(join(root, path), { recursive: true })
  await Promise.all(
    ['null', 'zero', 'urandom'].map((device) => once(spawn('touch', [join(root, 'dev', device)]), 'close')),
  )
  const command = ['--mount', 'sh', '-c', START, 'sh', root, ...Object.entries(mounts).flat(), '--', ...args]
  const child = spawn('unshare', command, {
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
