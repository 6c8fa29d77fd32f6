import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Server } from 'node:tls'
import type { TlsPair } from '../api/listener.ts'

/** The status and body of the answer; a string is sent unchanged. */
export type FakeAnswer = { status: number; body: unknown }

/** A request as the webhook received it. */
export type SeenReview = { httpVersion: string; method: string; path: string; body: string }

export type FakeWebhook = { url: string; seen: SeenReview[]; close: () => Promise<void> }

/** A webhook over HTTP/2 or HTTP/1.1 with scripted answers, to test its clients. */
export async function startFakeWebhook(
  tls: TlsPair,
  answer: (review: SeenReview) => FakeAnswer,
  http2 = true,
): Promise<FakeWebhook> {
  const seen: SeenReview[] = []
  async function handle(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): Promise<void> {
    const { httpVersion, method = '', url = '' } = request
    const review = { httpVersion, method, path: url, body: await text(request) }
    seen.push(review)
    const { status, body } = answer(review)
    response.statusCode = status
    response.setHeader('content-type', 'application/json')
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const server: Server = http2
    ? createSecureServer(tls, (request, response) => void handle(request, response))
    : createServer(tls, (request, response) => void handle(request, response))
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' ? bound?.port : undefined
  return {
    url: `https://127.0.0.1:${port}/authenticate`,
    seen,
    close: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
