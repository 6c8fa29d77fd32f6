import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { TEXT_UTF8 } from './answer.ts'
import { createPlainListener, PLAIN_LIMITS } from './listeners.ts'

/** The longest time that the answer to a request takes, until the client has read it, in milliseconds. */
const ANSWER_MS = 10_000

/** The address of a server in plain HTTP. */
export interface PlainAddress {
  /** Null for every address. */
  readonly host: string | null
  /** 0 switches it off. */
  readonly port: number
}

/** An answer to GET. */
interface PlainAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** A server in plain HTTP that answers GET and HEAD. */
export interface PlainServer {
  close(): Promise<void>
}

export interface PlainServerOptions {
  readonly address: PlainAddress
  /** What it answers, for messages: a plural. */
  readonly subject: string
  readonly answer: (request: IncomingMessage) => PlainAnswer | Promise<PlainAnswer>
  readonly log: Log
}

const HEADERS = {
  'content-type': TEXT_UTF8,
  'x-content-type-options': 'nosniff',
  connection: 'close',
} as const

/** Answers a request. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { address, answer, log }: PlainServerOptions,
): Promise<void> {
  const { method, socket } = request
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { ...HEADERS, allow: 'GET, HEAD' }).end('expected GET or HEAD\n')
    return
  }
  const limit = setTimeout(() => socket.destroy(), ANSWER_MS).unref()
  response.once('close', () => clearTimeout(limit))
  try {
    const { status, headers = {}, body } = await answer(request)
    const length = { 'content-length': Buffer.byteLength(body) }
    response.writeHead(status, { ...HEADERS, ...headers, ...length }).end(body)
  } catch (error) {
    log.error(`a request on port ${address.port} failed inside the server`, { error: errorCode(error) ?? 'unknown' })
    socket.destroy()
  }
}

/** Starts a plain server. If its port is unavailable, it logs an error and goes on: logins matter more. */
export async function startPlainServer(options: PlainServerOptions): Promise<PlainServer> {
  const { address, subject, log } = options
  const { host, port } = address
  if (port === 0) return { close: () => Promise.resolve() }
  const { server, connections } = createPlainListener(PLAIN_LIMITS)
  server.on('request', (request, response) => void respond(request, response, options))
  server.listen({ port, ...(host === null ? {} : { host }) })
  try {
    await once(server, 'listening')
  } catch (error) {
    log.error(`${subject} on port ${port} are not answered`, { error: messageOf(error) })
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        connections.destroy()
      }),
  }
}
