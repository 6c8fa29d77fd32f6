import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request as requestHttp1 } from 'node:https'
import { text } from 'node:stream/consumers'

/** A request as sent, without additions. */
export interface WireRequest {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** With HTTP/1.1, a list is sent in chunks and a single piece with its length. */
  readonly body?: string | Buffer | readonly string[]
}

export interface WireAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A client with one persistent connection. */
export interface WireClient {
  send(request: WireRequest): Promise<WireAnswer>
  close(): void
}

interface Place {
  readonly port: number
  /** PEM. */
  readonly certificate: string
}

function pieces(body: WireRequest['body']): readonly (string | Buffer)[] {
  if (body === undefined) return []
  return typeof body === 'string' || Buffer.isBuffer(body) ? [body] : body
}

/** Speaks HTTP/1.1. */
export function http1({ port, certificate }: Place): WireClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: certificate, servername: 'localhost' })
  return {
    send({ path = '/authenticate', method = 'POST', headers = {}, body }) {
      const parts = pieces(body)
      const length = Array.isArray(body) ? {} : { 'content-length': Buffer.byteLength(parts[0] ?? '') }
      const withLength = method === 'POST' ? { ...length, ...headers } : headers
      return new Promise((resolve, reject) => {
        const outgoing = requestHttp1({ agent, host: '127.0.0.1', port, path, method, headers: withLength })
        let answered = false
        outgoing.on('response', (answer) => {
          answered = true
          const { statusCode = 0, headers: received } = answer
          text(answer).then((read) => resolve({ status: statusCode, headers: received, text: read }), reject)
        })
        // A server that has answered may close the connection before the rest of the body.
        outgoing.on('error', (error) => (answered ? undefined : reject(error)))
        for (const part of parts) outgoing.write(part)
        outgoing.end()
      })
    },
    close: () => agent.destroy(),
  }
}

function exchange(session: ClientHttp2Session, request: WireRequest): Promise<WireAnswer> {
  const { path = '/authenticate', method = 'POST', headers = {}, body } = request
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { [constants.HTTP2_HEADER_METHOD]: method, [constants.HTTP2_HEADER_PATH]: path, ...headers },
      { endStream: false },
    )
    let status = 0
    let received: WireAnswer['headers'] = {}
    let read = ''
    stream.on('response', (head) => {
      status = Number(head[constants.HTTP2_HEADER_STATUS])
      received = head
    })
    // Read at once: a stream that is reset after its end would lose unread data.
    stream.setEncoding('utf8').on('data', (piece: string) => (read += piece))
    stream.on('end', () => (status === 0 ? undefined : resolve({ status, headers: received, text: read })))
    stream.on('error', reject)
    // A server may close the connection without an error.
    stream.on('close', () => reject(new Error('the stream ended without an answer')))
    for (const part of pieces(body)) stream.write(part)
    stream.end()
  })
}

/** Speaks HTTP/2. */
export function http2({ port, certificate }: Place): WireClient {
  const session = connectHttp2(`https://localhost:${port}`, { ca: certificate, host: '127.0.0.1' })
  session.on('error', () => undefined)
  return { send: (request) => exchange(session, request), close: () => session.destroy() }
}
