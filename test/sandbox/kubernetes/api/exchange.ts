import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { ApiFailure } from './status.ts'

/** @throws ApiFailure 400 if the body is not JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await text(request)
  try {
    return JSON.parse(body)
  } catch {
    throw new ApiFailure('BadRequest', 'the body of the request is not JSON')
  }
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`)
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(bytes)
}

/** Answers with the `Status` of a failure. Other exceptions are internal errors. */
export function sendFailure(response: ServerResponse, thrown: unknown): void {
  const { status } = thrown instanceof ApiFailure ? thrown : new ApiFailure('InternalError', String(thrown))
  if (response.headersSent) response.destroy()
  else sendJson(response, status.code, status)
}

/** Path and query of a request target; the path unchanged. */
export function splitTarget(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const target = request.url ?? '/'
  const at = target.indexOf('?')
  if (at === -1) return { path: target, query: new URLSearchParams() }
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) }
}
