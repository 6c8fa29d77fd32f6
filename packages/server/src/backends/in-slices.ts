import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Steps } from '@aws-iam-authenticator/core'

/** How long others wait for their turn, in milliseconds. */
const SLICE_MS = 2
/** A login takes several turns, for its request, for STS and for its answer. Where nobody is waiting, a turn costs nothing. */
const TURNS_BETWEEN = 4

/** Does work in slices, between which whatever else there is to do has its turn. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  let began = performance.now()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (performance.now() - began < SLICE_MS) continue
    for (let turn = 0; turn < TURNS_BETWEEN; turn += 1) await nextTurn()
    began = performance.now()
  }
}
