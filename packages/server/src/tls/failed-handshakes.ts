import type { Socket } from 'node:net'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { createMinuteCounter } from '../log/minute-counter.ts'
import { createLabelValues } from '../util/label-values.ts'
import { createTokenBucket } from '../util/token-bucket.ts'
import { handshakeCauseOf, type HandshakeCause } from './handshake-causes.ts'

/** Log budget of all causes together, because clients can provoke many: a burst, then lines per second. */
const [BURST, PER_SECOND] = [10, 1]

/** The limit of causes with a line of their own. OpenSSL has a few hundred causes, and clients provoke about a dozen. */
export const MAX_CAUSES = 64

/** Called for each failed handshake, with its cause and its error code. The number of codes is limited. */
export type OnHandshakeFailed = (cause: HandshakeCause, code: string) => void

interface FailedHandshakesOptions {
  readonly log: Log
  /** Monotonic time in milliseconds. */
  readonly now: () => number
  readonly onFailed: OnHandshakeFailed
}

/**
 * Reports and logs failed TLS handshakes: one line per minute for each error code. Nothing else shows that an API server does not
 * trust the certificate. Clients that only disconnect are ignored, because probes of load balancers do that.
 */
export function createFailedHandshakes(options: FailedHandshakesOptions): (error: unknown, socket: Socket) => void {
  const { log, now, onFailed } = options
  const counters = new Map<string, ReturnType<typeof createMinuteCounter>>()
  const codes = createLabelValues(MAX_CAUSES)
  const lines = createTokenBucket(PER_SECOND, BURST, now)
  return (error, { remoteAddress, remotePort }) => {
    const reported = errorCode(error)
    if (reported?.startsWith('ERR_SSL_') !== true) return
    codes.admit(reported)
    const code = codes.of(reported)
    onFailed(handshakeCauseOf(reported), code)
    const countForLog = counters.get(code) ?? createMinuteCounter(now)
    counters.set(code, countForLog)
    const count = countForLog(() => lines.take(0) !== null)
    if (count === null) return
    // Bun does not always have the address any more.
    const client = remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`
    log.warn('TLS handshakes failed', { client, error: code, count })
  }
}
