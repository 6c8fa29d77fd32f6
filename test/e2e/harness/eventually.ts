import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'

const POLL_MS = 20

/** The time for which a value is awaited after its limit, so that a failure can report the delay. */
const PATIENCE_MS = 2_000

/** Polls until the answer is the expected one, and asserts that it came within the limit. */
export async function eventually(
  t: Test,
  what: string,
  expected: unknown,
  limitMs: number,
  ask: () => unknown,
): Promise<void> {
  const started = performance.now()
  let found = await ask()
  while (found !== expected && performance.now() - started < limitMs + PATIENCE_MS) {
    await setTimeout(POLL_MS)
    found = await ask()
  }
  const took = Math.round(performance.now() - started)
  t.equal(found, expected, what)
  t.ok(took <= limitMs, `${what}: after ${took} ms, ${limitMs} at most`)
}
