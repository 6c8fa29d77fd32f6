import { CLUSTER_ID_HEADER, type StsRequest } from '@aws-iam-authenticator/core/token/presigned-url'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { refusalOfStsError } from '@aws-iam-authenticator/core/identity/sts-error'
import type { Dispatcher } from 'undici'
import { describeFailure } from '../util/describe-failure.ts'
import { callSts, type StsAnswer } from './call.ts'
import { createDeadlines } from './deadlines.ts'
import { NoAnswer } from './no-answer.ts'
import { readRetryAfter } from './retry-after.ts'

/** The timeout of a call in milliseconds, including the connection and a second attempt. */
const TIMEOUT_MS = 10_000

/** The limit of an answer in bytes: far more than GetCallerIdentity returns. */
const MAX_ANSWER_BYTES = 64 * 1024

/** Observes the calls to STS, for metrics. */
export interface StsObserver {
  /** STS answered; `status` is the HTTP status. */
  answered(region: string, status: number): void
  throttled(region: string): void
  connectionFailed(region: string): void
  /** The connection was lost before an answer, and the call is repeated. */
  retried(region: string): void
}

interface StsOptions {
  readonly dispatcher: Dispatcher
  readonly clusterId: string
  readonly userAgent: string
  readonly observer: StsObserver
}

/** Asks STS who signed a token; returns the body of its answer or a refusal. */
export type AskSts = (request: StsRequest) => Promise<string | Refusal>

function describe(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  return describeFailure(error)
}

/** The codes of a lost connection: the peer has closed an idle one, or it broke. */
const CONNECTION_LOST: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

function isConnectionLost(error: unknown): boolean {
  return CONNECTION_LOST.has(errorCode(error))
}

/**
 * Sends the presigned request to STS.
 *
 * The request is built from checked parts: the connection goes to the host, the query is sent byte for byte, and the cluster ID is
 * this server's own, so that only a token signed for this cluster has a valid signature. Redirects are not followed. If the
 * connection is lost before an answer, the request is repeated once, because it changes nothing.
 */
export function createStsClient({ dispatcher, clusterId, userAgent, observer }: StsOptions): AskSts {
  const headers = { [CLUSTER_ID_HEADER]: clusterId, accept: 'application/json', 'user-agent': userAgent }
  const begin = createDeadlines(TIMEOUT_MS)
  return async ({ host, region, query }) => {
    const deadline = begin()
    const options = { origin: `https://${host}`, path: `/?${query}`, method: 'GET', headers } as const
    const send = (): Promise<StsAnswer> => callSts({ dispatcher, options, maxBytes: MAX_ANSWER_BYTES, deadline })
    let answer: StsAnswer
    try {
      answer = await send().catch((error: unknown) => {
        if (!isConnectionLost(error)) throw error
        observer.retried(region)
        return send()
      })
    } catch (error) {
      observer.connectionFailed(region)
      return new NoAnswer(`${host} can't be reached: ${describe(error)}`, !isConnectionLost(error))
    } finally {
      deadline.end()
    }
    const { status, body } = answer
    observer.answered(region, status)
    if (body === null) return new Refusal('sts_bad_answer', `the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    if (status === 200) return body
    const refusal = refusalOfStsError(status, body)
    if (refusal.reason !== 'sts_throttled') return refusal
    observer.throttled(region)
    return new Refusal(refusal.reason, refusal.message, readRetryAfter(answer.retryAfter))
  }
}
