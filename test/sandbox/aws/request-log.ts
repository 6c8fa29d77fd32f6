import { parseAuthentication } from './authentication.ts'
import { parseParameters } from './query-protocol.ts'
import type { Reply, WireRequest } from './wire.ts'

/** A request that tests can inspect. It contains no credentials. */
export interface RecordedRequest {
  readonly time: Date
  /** The Host header as sent. */
  readonly host: string
  readonly method: string
  readonly action: string | undefined
  /** As claimed, whether or not the signature was valid. */
  readonly accessKeyId: string | undefined
  /** Names in lower case; without `authorization` and `x-amz-security-token`. */
  readonly headers: ReadonlyMap<string, string>
}

/** A list of requests, and the number of waiting ones. */
export interface RequestLog {
  readonly requests: readonly RecordedRequest[]
  readonly inFlight: number
  readonly peakInFlight: number
  /** Records the request, and counts it as waiting until it is answered. */
  watch(request: WireRequest, answer: (request: WireRequest) => Promise<Reply>): Promise<Reply>
}

const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'x-amz-security-token'])

/** Makes an empty list. */
export function requestLog(now: () => Date): RequestLog {
  const requests: RecordedRequest[] = []
  let inFlight = 0
  let peakInFlight = 0
  return {
    requests,
    get inFlight() {
      return inFlight
    },
    get peakInFlight() {
      return peakInFlight
    },
    async watch(request, answer) {
      requests.push(record(request, now()))
      inFlight += 1
      peakInFlight = Math.max(peakInFlight, inFlight)
      try {
        return await answer(request)
      } finally {
        inFlight -= 1
      }
    },
  }
}

function record(request: WireRequest, time: Date): RecordedRequest {
  return {
    time,
    host: request.host,
    method: request.method,
    action: parseParameters(request).get('Action') ?? undefined,
    accessKeyId: claimedAccessKeyId(request),
    headers: new Map([...request.headers].filter(([name]) => !SECRET_HEADERS.has(name))),
  }
}

/** Unreadable requests are recorded too. */
function claimedAccessKeyId(request: WireRequest): string | undefined {
  try {
    return parseAuthentication(request)?.accessKeyId
  } catch {
    return undefined
  }
}
