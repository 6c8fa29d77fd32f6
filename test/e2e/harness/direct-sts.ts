import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { temporaryFolder } from './command.ts'

/** The reason why lookups cannot be redirected here; false if they can. */
export const cannotMislead: string | false =
  spawnSync('unshare', ['--mount', 'sh', '-c', 'mount --bind /etc/hosts /etc/hosts']).status === 0
    ? false
    : 'only root can give a process an /etc/hosts of its own'

/** The route to STS without a proxy: the system's name lookup, and port 443 of a local address. */
export interface DirectSts {
  /** Runs a command with these lookups. */
  readonly wrapper: readonly [string, ...string[]]
  /** The names that resolve from now on. */
  resolve(...hosts: readonly string[]): void
  /** `up`: connections reach STS. `gone`: they are refused. `mute`: they are accepted, without an answer. */
  become(state: 'up' | 'gone' | 'mute'): Promise<void>
  /** From now on lookups of unknown names get no answer and fail after 10 s. Returns the number of queries. */
  silence(): Promise<() => number>
}

/** @param port The port of STS. */
export async function startDirectSts(t: { teardown(action: () => unknown): void }, port: number): Promise<DirectSts> {
  const folder = temporaryFolder(t)
  // One per test, because others may run at the same time.
  const address = `127.${randomInt(2, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}`
  const resolve = (...hosts: readonly string[]): void => {
    const lines = hosts.map((host) => `${address} ${host}\n`).join('')
    writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${lines}`)
  }
  resolve()
  // No listener there, which is known at once.
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${address}\noptions timeout:1 attempts:1\n`)
  const open = new Set<Socket>()
  let isMute = false
  const server = createServer((socket) => {
    const sockets = isMute ? [socket] : [socket, connect(port, '127.0.0.1')]
    for (const [index, each] of sockets.entries()) {
      open.add(each)
      each.on('error', () => undefined)
      each.on('close', () => {
        open.delete(each)
        for (const other of sockets) other.destroy()
      })
      const other = sockets[1 - index]
      if (other !== undefined) each.pipe(other)
    }
  })
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  t.teardown(close)
  const become = async (state: 'up' | 'gone' | 'mute'): Promise<void> => {
    await close()
    isMute = state === 'mute'
    if (state === 'gone') return
    server.listen(443, address)
    await once(server, 'listening')
  }
  await become('up')
  const silence = async (): Promise<() => number> => {
    const asked = new Set<string>()
    const resolver = createSocket('udp4').on('message', (question) => asked.add(question.toString('latin1', 12)))
    t.teardown(() => resolver.close())
    resolver.bind(53, address)
    await once(resolver, 'listening')
    writeFileSync(join(folder, 'resolv.conf'), `nameserver ${address}\noptions timeout:5 attempts:2\n`)
    return () => asked.size
  }
  const script = ['hosts', 'resolv.conf'].map((name) => `mount --bind "$0/${name}" "$(realpath /etc/${name})"`)
  const wrapper = ['unshare', '--mount', 'sh', '-c', `${script.join(' && ')} && exec "$@"`, folder] as const
  return { wrapper, resolve, become, silence }
}
