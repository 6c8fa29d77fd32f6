import type { IncomingMessage } from 'node:http'
import { splitTarget } from './exchange.ts'

/** What a test may see of a request; of its credentials only whether there were any. */
export type RecordedRequest = {
  method: string
  path: string
  query: URLSearchParams
  userAgent: string | undefined
  contentType: string | undefined
  authorization: boolean
  /** When it arrived, in milliseconds since the epoch. */
  timeMs: number
  /** The HTTP status of the answer, once it is given. */
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
