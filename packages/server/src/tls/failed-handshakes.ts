import type { Socket } from 'node:net'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { createLabelValues } from '../metrics/metric-labels.ts'
import { createTokenBucket } from '../util/token-bucket.ts'

/** The time between two log lines for one cause, in milliseconds. */
const EVERY_MS = 60_000

/** Log budget of all causes together, because clients can provoke many: a burst, then lines per second. */
const [BURST, PER_SECOND] = [10, 1]

/** The limit of causes with a line of their own. OpenSSL has a few hundred causes, and clients provoke about a dozen. */
export const MAX_CAUSES = 64

/**
 * Logs failed TLS handshakes: one line per minute for each cause. Nothing else shows that an API server does not trust the
 * certificate. Clients that only disconnect are not logged, because probes of load balancers do that.
 *
 * @param now Monotonic time in milliseconds.
 */
export function createFailedHandshakes(log: Log, now: () => number): (error: unknown, socket: Socket) => void {
  const causes = new Map<string, { unlogged: number; nextLineAt: number }>()
  const codes = createLabelValues(MAX_CAUSES)
  const lines = createTokenBucket(PER_SECOND, BURST, now)
  return (error, { remoteAddress, remotePort }) => {
    const reported = errorCode(error)
    if (reported?.startsWith('ERR_SSL_') !== true) return
    codes.admit(reported)
    const code = codes.of(reported)
    const cause = causes.get(code) ?? { unlogged: 0, nextLineAt: -Infinity }
    causes.set(code, cause)
    cause.unlogged += 1
    if (now() < cause.nextLineAt || lines.take(0) === null) return
    // Bun does not always have the address any more.
    const client = remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`
    log.warn('TLS handshakes failed', { client, error: code, count: cause.unlogged })
    causes.set(code, { unlogged: 0, nextLineAt: now() + EVERY_MS })
  }
}
