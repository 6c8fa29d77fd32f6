import type { HandshakeCause } from '../tls/handshake-causes.ts'
import { createRecentCount } from './recent-count.ts'

/** The failed TLS handshakes in `/status`. */
export interface HandshakeReport {
  /** Since the start. */
  readonly failed: number
  readonly last5Minutes: { readonly failed: number }
  /** Null if none has failed. */
  readonly lastFailure: { readonly time: string; readonly cause: HandshakeCause; readonly error: string } | null
}

export interface HandshakeActivity {
  /** @param error The error code, such as `ERR_SSL_HTTP_REQUEST`. */
  readonly failed: (cause: HandshakeCause, error: string) => void
  readonly report: () => HandshakeReport
}

/** Counts failed TLS handshakes. */
export function createHandshakeActivity(now: () => Date): HandshakeActivity {
  const recent = createRecentCount(now)
  let failed = 0
  let lastFailure: HandshakeReport['lastFailure'] = null
  return {
    failed: (cause, error) => {
      failed += 1
      recent.add()
      lastFailure = { time: now().toISOString(), cause, error }
    },
    report: () => ({ failed, last5Minutes: { failed: recent.total() }, lastFailure }),
  }
}
