import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import type { Handler, Reply, WireRequest } from './wire.ts'

/** Lets a handler answer for a `node:http` or `node:https` server. */
export function requestListener(handle: Handler): RequestListener {
  return (request, response) => {
    const gone = new AbortController()
    response.once('close', () => {
      gone.abort()
    })
    serve(handle, request, response, gone.signal).catch((error: unknown) => {
      // Ignore a failure to answer after the client has disconnected.
      if (!gone.signal.aborted) response.destroy(error instanceof Error ? error : new Error('handler failed'))
    })
  }
}

async function serve(
  handle: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const reply = await handle(toWire(request, await text(request), signal))
  await send(reply, response)
}

function toWire(request: IncomingMessage, body: string, signal: AbortSignal): WireRequest {
  const [path = '', ...query] = (request.url ?? '').split('?')
  const headers = new Map(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(',')]),
  )
  return {
    method: request.method ?? '',
    host: headers.get('host') ?? '',
    path,
    query: query.join('?'),
    headers,
    body,
    signal,
  }
}

async function send(reply: Reply, response: ServerResponse): Promise<void> {
  if (reply === 'reset') {
    response.socket?.destroy()
  } else if (typeof reply.body === 'string') {
    response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) })
    response.end(reply.body)
  } else {
    response.writeHead(reply.status, reply.headers)
    await pipeline(Readable.from(reply.body), response)
  }
}
