import type { Timing } from '../util/timing.ts'

interface CallQueueOptions {
  readonly timing: Timing
  /** Calls at once before many have been answered: connections that are not there yet are opened a few at a time. */
  readonly first: () => number
  /** Calls at once after many have been answered. */
  readonly most: number
  /** Who is sure to wait longer than this, in milliseconds, is turned away at once. */
  readonly maxExpectedWaitMs: number
  /** Who has waited so long, in milliseconds, is turned away. */
  readonly maxWaitMs: number
  /** Whether one more may wait. */
  readonly mayWait: () => boolean
}

/** Bounds the calls to one host that are under way, and those that wait for their turn. First come, first served. */
export interface CallQueue {
  readonly inFlight: number
  readonly queued: number
  /** Whether a call may be made; a promise where that is known later only. Who gets true must give back the place by `leave`. */
  enter(): boolean | Promise<boolean>
  /** @param answeredAfterMs How long the call took; null where there was no answer. */
  leave(answeredAfterMs: number | null): void
}

interface Waiter {
  readonly until: number
  readonly resolve: (enters: boolean) => void
}

/** How much the latest call weighs in what a call takes. */
const LATEST = 0.1

/** So many answers make room for one call more at once: a burst after the start is no storm of handshakes. */
const ANSWERS_FOR_ONE_MORE = 8

/** Callers that wait for a place, in order of arrival. */
interface WaitingLine {
  readonly size: number
  /** Waits for a place; false if none became free in time. */
  readonly join: () => Promise<boolean>
  /** Removes the first caller; returns the function that admits it. */
  readonly shift: () => (() => void) | undefined
}

function createWaitingLine(timing: Timing, maxWaitMs: number): WaitingLine {
  // A set keeps the order, and removes its first member as cheaply as any other.
  const waiting = new Set<Waiter>()
  let isExpiring = false
  const expire = async (): Promise<void> => {
    isExpiring = true
    for (;;) {
      const [oldest] = waiting
      if (oldest === undefined) break
      const leftMs = oldest.until - timing.now()
      if (leftMs > 0) await timing.sleep(leftMs)
      else if (waiting.delete(oldest)) oldest.resolve(false)
    }
    isExpiring = false
  }
  return {
    get size() {
      return waiting.size
    },
    join: () =>
      new Promise((resolve) => {
        waiting.add({ until: timing.now() + maxWaitMs, resolve })
        if (!isExpiring) void expire()
      }),
    shift: () => {
      for (const waiter of waiting) {
        waiting.delete(waiter)
        return () => waiter.resolve(true)
      }
      return undefined
    },
  }
}

export function createCallQueue(options: CallQueueOptions): CallQueue {
  const { timing, first, most, maxExpectedWaitMs, maxWaitMs, mayWait } = options
  const waiting = createWaitingLine(timing, maxWaitMs)
  let inFlight = 0
  let grown = 0
  let callMs = 0

  const limitNow = (): number => Math.min(most, first() + Math.floor(grown / ANSWERS_FOR_ONE_MORE))
  return {
    get inFlight() {
      return inFlight
    },
    get queued() {
      return waiting.size
    },
    enter: () => {
      if (inFlight < limitNow()) {
        inFlight += 1
        return true
      }
      const expectedWaitMs = ((waiting.size + 1) * callMs) / most
      if (expectedWaitMs > maxExpectedWaitMs || !mayWait()) return false
      return waiting.join()
    },
    leave: (answeredAfterMs) => {
      inFlight -= 1
      if (answeredAfterMs === null) {
        grown = 0
      } else {
        if (callMs === 0) callMs = answeredAfterMs
        // While connections are opened the quickest call tells most: in the others it is the handshakes that take time.
        else if (limitNow() < most) callMs = Math.min(callMs, answeredAfterMs)
        else callMs += (answeredAfterMs - callMs) * LATEST
        if (limitNow() < most) grown += 1
      }
      while (inFlight < limitNow()) {
        const admit = waiting.shift()
        if (admit === undefined) break
        inFlight += 1
        admit()
      }
    },
  }
}
