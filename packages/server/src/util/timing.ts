import { setTimeout } from 'node:timers/promises'

/** A monotonic clock and its timer; tests replace them. */
export interface Timing {
  /** Monotonic time in milliseconds. */
  readonly now: () => number
  /** @throws {Error} `signal` is aborted before the time is up. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const realTiming: Timing = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal }),
}
