import { CLUSTER_ID_HEADER, Refusal, refusalOfStsError, type StsRequest } from '@aws-iam-authenticator/core'
import type { Dispatcher } from 'undici'
import { describeFailure, readCapped } from './aws-call.ts'

/** How long STS may take, the connection included. */
const TIMEOUT_MS = 10_000

/** Far more than any answer of GetCallerIdentity. */
const MAX_ANSWER_BYTES = 64 * 1024

/** What the server notes of each call. */
export interface StsObserver {
  /** STS answered; `status` is the HTTP status. */
  answered(region: string, status: number): void
  throttled(region: string): void
  connectionFailed(region: string): void
}

export interface StsOptions {
  readonly dispatcher: Dispatcher
  readonly clusterId: string
  readonly userAgent: string
  readonly observer: StsObserver
}

/** Asks STS who signed a token: the body of its answer, or why there is none. */
export type AskSts = (request: StsRequest) => Promise<string | Refusal>

function describe(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  return describeFailure(error)
}

/**
 * Sends the presigned request to STS.
 *
 * The request is built from the parts that were checked: the host decides the connection, the query goes out byte for byte,
 * and the cluster ID is this server's own, so that only a token signed for this cluster has a valid signature. No redirect
 * is followed.
 */
export function createStsClient({ dispatcher, clusterId, userAgent, observer }: StsOptions): AskSts {
  const headers = { [CLUSTER_ID_HEADER]: clusterId, accept: 'application/json', 'user-agent': userAgent }
  return async ({ host, region, query }) => {
    let status: number
    let body: string | null
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const answer = await dispatcher.request({
        origin: `https://${host}`,
        path: `/?${query}`,
        method: 'GET',
        headers,
        signal,
      })
      status = answer.statusCode
      body = await readCapped(answer.body, MAX_ANSWER_BYTES)
    } catch (error) {
      observer.connectionFailed(region)
      return new Refusal('sts_unreachable', `${host} can't be reached: ${describe(error)}`)
    }
    observer.answered(region, status)
    if (body === null) return new Refusal('sts_bad_answer', `the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    if (status === 200) return body
    const refusal = refusalOfStsError(status, body)
    if (refusal.reason === 'sts_throttled') observer.throttled(region)
    return refusal
  }
}
