import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Steps } from '@aws-iam-authenticator/core'

/** How long others wait for their turn, in milliseconds. */
const SLICE_MS = 1
/** A login takes several turns, for its request, for STS and for its answer. */
const MOST_TURNS_BETWEEN = 4
/** A turn in which nobody else had anything to do is over sooner, in milliseconds. */
const EMPTY_TURN_MS = 0.15

/** Does work in slices, between which whatever else there is to do has its turn. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  let began = performance.now()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    let now = performance.now()
    if (now - began < SLICE_MS) continue
    for (let turn = 0; turn < MOST_TURNS_BETWEEN; turn += 1) {
      const before = now
      await nextTurn()
      now = performance.now()
      if (now - before < EMPTY_TURN_MS) break
    }
    began = now
  }
}
