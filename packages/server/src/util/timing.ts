import { setTimeout } from 'node:timers/promises'

/** The time by which calls are spread. */
export interface Timing {
  /** Milliseconds since some moment, never set back. */
  readonly now: () => number
  /** @throws {Error} `signal` is aborted before the time is up. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const realTiming: Timing = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal }),
}
