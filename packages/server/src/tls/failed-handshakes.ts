import type { Socket } from 'node:net'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { createLabelValues } from '../metrics/metric-labels.ts'
import { createTokenBucket } from '../util/token-bucket.ts'

/** How often the log has a line for one cause, in milliseconds. */
const EVERY_MS = 60_000

/** Lines for all causes, of which clients can invent some: so many at once, and after that so many a second. */
const [BURST, PER_SECOND] = [10, 1]

/** Causes that are told apart; the others share one line. OpenSSL has a few hundred, of which clients provoke a dozen. */
export const MAX_CAUSES = 64

/**
 * Notes TLS handshakes that fail: an API server that does not trust the certificate can't tell its reason to anybody but this
 * server, and is seen in no other way. The log has one line a minute for each cause. Who just goes away has no line, as probes of
 * load balancers do nothing else.
 *
 * @param now Milliseconds since some moment, never set back.
 */
export function createFailedHandshakes(log: Log, now: () => number): (error: unknown, socket: Socket) => void {
  const causes = new Map<string, { unlogged: number; nextLineAt: number }>()
  const codes = createLabelValues(MAX_CAUSES)
  const lines = createTokenBucket(PER_SECOND, BURST, now)
  return (error, { remoteAddress, remotePort }) => {
    const reported = textAt(error, 'code')
    if (reported?.startsWith('ERR_SSL_') !== true) return
    codes.admit(reported)
    const code = codes.of(reported)
    const cause = causes.get(code) ?? { unlogged: 0, nextLineAt: -Infinity }
    causes.set(code, cause)
    cause.unlogged += 1
    if (now() < cause.nextLineAt || lines.take(0) === null) return
    // One runtime does not always know any more who it was.
    const client = remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`
    log.warn('TLS handshakes failed', { client, error: code, count: cause.unlogged })
    causes.set(code, { unlogged: 0, nextLineAt: now() + EVERY_MS })
  }
}
