import type { Dispatcher } from 'undici'
import type { Timing } from '../util/timing.ts'

/** How many connections are opened ahead. */
const CONNECTIONS = 4

/** Sooner than the connections would be closed for want of use. */
const EVERY_MS = 25_000

const TIMEOUT_MS = 10_000

interface WarmUpOptions {
  readonly dispatcher: Dispatcher
  /** The STS host of the server's own region; null while that is not known. */
  readonly host: () => string | null
  readonly userAgent: string
  readonly timing: Timing
  /** Ends it. */
  readonly stopped: AbortSignal
}

/**
 * Keeps a few connections to the STS of the server's own region open, from the start on, so that no login waits for a handshake.
 * What it asks for names no action: that is no call of the STS API, and counts to no rate there. Whether it works is
 * nobody's concern but the next login's.
 */
export function keepWarm({ dispatcher, host, userAgent, timing, stopped }: WarmUpOptions): void {
  const open = async (name: string): Promise<void> => {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)])
    const { body } = await dispatcher.request({
      origin: `https://${name}`,
      path: '/',
      method: 'GET',
      headers: { 'user-agent': userAgent },
      signal,
    })
    await body.dump({ limit: 64 * 1024, signal })
  }
  const run = async (): Promise<void> => {
    while (!stopped.aborted) {
      const name = host()
      if (name !== null) await Promise.allSettled(Array.from({ length: CONNECTIONS }, () => open(name)))
      await timing.sleep(EVERY_MS, stopped)
    }
  }
  void run().catch(() => undefined)
}
