import { setImmediate as nextTurn } from 'node:timers/promises'

/** A login takes several turns, for its request, for STS and for its answer. */
const MOST_TURNS = 4
/** A turn in which nobody else had anything to do is over sooner, in milliseconds. */
const EMPTY_TURN_MS = 0.15

/** Lets whatever else there is to do have its turn; gives the time after it, by `performance.now()`. */
export async function giveWay(): Promise<number> {
  let now = performance.now()
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const before = now
    await nextTurn()
    now = performance.now()
    if (now - before < EMPTY_TURN_MS) break
  }
  return now
}
