import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { createServer as createTlsServer, type SecureContext } from 'node:tls'
import { finish, spawnCommand, type Environment, type Finished } from './command.ts'
import type { Test } from 'tap'
import { SECRETS, type Answer } from './hostile-answers.ts'
import { CLUSTER_ID } from './token.ts'

/** A server that answers every request with the same bytes. */
export interface HostileServer {
  readonly port: number
  /** The number of connections so far. */
  readonly connections: number
  /** The number of bytes sent so far, including kernel buffers. */
  readonly sent: number
}

interface Scope {
  teardown(action: () => unknown): void
}

async function serve(
  t: Scope,
  server: Server,
  answer: Answer,
  event: 'connection' | 'secureConnection',
): Promise<HostileServer> {
  const open = new Set<Socket>()
  let connections = 0
  let sent = 0
  server.on('tlsClientError', () => undefined)
  server.on('connection', () => (connections += 1))
  server.on(event, (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      open.delete(socket)
      sent += socket.bytesWritten
    })
    socket.once('data', () => void answer(socket))
  })
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    port,
    get connections() {
      return connections
    },
    get sent() {
      return [...open].reduce((sum, socket) => sum + socket.bytesWritten, sent)
    },
  }
}

/** Starts a server without TLS. */
export function startHostileServer(t: Scope, answer: Answer): Promise<HostileServer> {
  return serve(t, createServer(), answer, 'connection')
}

/** Starts a server with TLS. */
export function startHostileTlsServer(
  t: Scope,
  answer: Answer,
  contextFor: (host: string) => SecureContext,
): Promise<HostileServer> {
  const server = createTlsServer({ SNICallback: (host, callback) => callback(null, contextFor(host)) })
  return serve(t, server, answer, 'secureConnection')
}

/** The outcome of a run of the command. */
export interface Measured extends Finished {
  readonly seconds: number
  /** Peak of its resident memory, in MiB; 0 on systems without /proc. */
  readonly peakMib: number
}

/** The time between two readings of the memory, in milliseconds. The kernel keeps the peak, so only growth after the last one is missed. */
const READING_MS = 10

function peakOf(pid: number | undefined): number {
  try {
    const [, kib = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib) / 1024
  } catch {
    return 0
  }
}

/** Runs `token` for the cluster. */
export async function measureToken(
  args: readonly string[],
  environment: Environment,
  wrapper?: readonly [string, ...string[]],
): Promise<Measured> {
  const startedAt = performance.now()
  const child = spawnCommand(['token', '-i', CLUSTER_ID, '--token-only', ...args], {
    environment,
    ...(wrapper !== undefined && { wrapper }),
  })
  let peakMib = 0
  const reading = setInterval(() => (peakMib = Math.max(peakMib, peakOf(child.pid))), READING_MS)
  try {
    const finished = await finish(child)
    return { ...finished, seconds: (performance.now() - startedAt) / 1000, peakMib }
  } finally {
    clearInterval(reading)
  }
}

/** Most memory beyond that of a successful call, in MiB. */
export const MORE_MIB = 64

/** Asserts that the command failed in time with one line that contains no secret. */
export function failed(
  t: Test,
  name: string,
  run: Measured,
  atMost: { readonly seconds: number; readonly mib: number },
): void {
  t.match(run, { code: 1, signal: null, stdout: '', stderr: /^could not get token: [^\n]+\n$/ }, name)
  t.notOk(
    SECRETS.some((secret) => run.stderr.includes(secret)),
    `${name}: no secret`,
  )
  t.ok(run.seconds < atMost.seconds, `${name}: ${run.seconds.toFixed(1)} s`)
  t.ok(run.peakMib < atMost.mib, `${name}: ${run.peakMib.toFixed(0)} MiB`)
}
