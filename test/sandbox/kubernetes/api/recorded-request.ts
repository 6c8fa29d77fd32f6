import type { IncomingMessage } from 'node:http'
import { splitTarget } from './exchange.ts'

/** A recorded request, without its credentials. */
export type RecordedRequest = {
  method: string
  path: string
  query: URLSearchParams
  userAgent: string | undefined
  contentType: string | undefined
  authorization: boolean
  /** When it arrived, in milliseconds since the epoch. */
  timeMs: number
  /** The HTTP status of the answer, after it is sent. */
  status: number | undefined
}

export function recordRequest(request: IncomingMessage): RecordedRequest {
  return {
    method: request.method ?? '',
    ...splitTarget(request),
    userAgent: request.headers['user-agent'],
    contentType: request.headers['content-type'],
    authorization: request.headers.authorization !== undefined,
    timeMs: Date.now(),
    status: undefined,
  }
}
