import { parseAuthentication } from './authentication.ts'
import { parseParameters } from './query-protocol.ts'
import type { Reply, WireRequest } from './wire.ts'

/** What a test may look at afterwards: nothing that would let anybody in. */
export interface RecordedRequest {
  readonly time: Date
  /** The Host header as it was sent. */
  readonly host: string
  readonly method: string
  readonly action: string | undefined
  /** As claimed; whether the signature was good is another matter. */
  readonly accessKeyId: string | undefined
  /** Names in lower case; without `authorization` and `x-amz-security-token`. */
  readonly headers: ReadonlyMap<string, string>
}

/** A list of the requests, and a count of those that wait. */
export interface RequestLog {
  readonly requests: readonly RecordedRequest[]
  readonly inFlight: number
  readonly peakInFlight: number
  /** Records the request, and counts it for as long as the answer takes. */
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

/** A request that can't be read is on the list all the same. */
function claimedAccessKeyId(request: WireRequest): string | undefined {
  try {
    return parseAuthentication(request)?.accessKeyId
  } catch {
    return undefined
  }
}
