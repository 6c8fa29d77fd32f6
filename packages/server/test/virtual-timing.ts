import { setImmediate } from 'node:timers/promises'
import type { Timing } from '../src/util/timing.ts'

/** A clock that a test advances. */
export interface VirtualTiming extends Timing {
  /** Advances the clock by this many milliseconds. Sleepers wake at their time. */
  advance(milliseconds: number): Promise<void>
}

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

export function virtualTiming(): VirtualTiming {
  let time = 0
  const sleepers = new Set<Sleeper>()
  return {
    now: () => time,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(new Error('aborted'))
          return
        }
        const sleeper = { at: time + milliseconds, wake: resolve }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => {
          if (sleepers.delete(sleeper)) reject(new Error('aborted'))
        })
      }),
    async advance(milliseconds) {
      const end = time + milliseconds
      for (;;) {
        // Everything that was woken runs until it sleeps again.
        await setImmediate()
        const [next] = [...sleepers].sort((a, b) => a.at - b.at)
        if (next === undefined || next.at > end) break
        time = next.at
        sleepers.delete(next)
        next.wake()
      }
      time = end
    },
  }
}
