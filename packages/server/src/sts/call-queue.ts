import type { Timing } from '../util/timing.ts'

interface CallQueueOptions {
  readonly timing: Timing
  /** The initial limit of concurrent calls. It is low, so that new connections are opened a few at a time. */
  readonly first: () => number
  /** The limit of concurrent calls after many answers. */
  readonly most: number
  /** Reject a call at once if its expected wait exceeds this, in milliseconds. */
  readonly maxExpectedWaitMs: number
  /** Reject a call after it has waited for this time, in milliseconds. */
  readonly maxWaitMs: number
  /** Whether one more call may wait. */
  readonly mayWait: () => boolean
}

/** Limits the calls to one host that are in flight and those that wait. First come, first served. */
export interface CallQueue {
  readonly inFlight: number
  readonly queued: number
  /** Whether a call may be made; a promise if it has to wait. After `true`, the caller must call `leave`. */
  enter(): boolean | Promise<boolean>
  /** @param answeredAfterMs The duration of the call in milliseconds; null if there was no answer. */
  leave(answeredAfterMs: number | null): void
}

interface Waiter {
  readonly until: number
  readonly resolve: (enters: boolean) => void
}

/** EWMA weight of the newest sample. */
const NEWEST_WEIGHT = 0.1

/** Answers needed before the concurrency limit grows by one: a burst after the start must not cause a storm of handshakes. */
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
        // While connections are being opened, the fastest call is the best estimate: the others include a handshake.
        else if (limitNow() < most) callMs = Math.min(callMs, answeredAfterMs)
        else callMs += (answeredAfterMs - callMs) * NEWEST_WEIGHT
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
