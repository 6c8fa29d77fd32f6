import type { Dispatcher } from 'undici'
import type { Timing } from '../util/timing.ts'

/** The number of connections that are kept open. */
const CONNECTIONS = 4

/** The time between two requests, in milliseconds: shorter than the idle timeout of connections. */
const EVERY_MS = 25_000

const TIMEOUT_MS = 10_000

interface WarmUpOptions {
  readonly dispatcher: Dispatcher
  /** The STS host of the server's own region; null while the region is unknown. */
  readonly host: () => string | null
  readonly userAgent: string
  readonly timing: Timing
  /** Ends the requests. */
  readonly stopped: AbortSignal
}

/**
 * Keeps a few connections to the STS of the server's own region open from the start, so that no login waits for a handshake. Its
 * requests name no action, so they are not calls of the STS API and don't count towards its rate limits. Failures are ignored: the
 * next login reports them.
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
