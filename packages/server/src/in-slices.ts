import type { Steps } from '@aws-iam-authenticator/core'
import { giveWay } from './give-way.ts'

/** How long others wait for their turn, in milliseconds. */
const SLICE_MS = 1

/** Does work in slices, between which whatever else there is to do has its turn. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  let began = performance.now()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (performance.now() - began >= SLICE_MS) began = await giveWay()
  }
}
