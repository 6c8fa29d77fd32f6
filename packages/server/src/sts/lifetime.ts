import { reasons, Refusal } from '@aws-iam-authenticator/core/errors/reasons'

/** A key that has just been made is known to all of STS in a few seconds: its refusal must not last. */
const REFUSAL_MS = 10_000

/** For how many milliseconds an outcome of asking STS counts. An error is no verdict, and counts for none. */
export function lifetimeOf(outcome: unknown, ttlMs: number): number {
  if (!(outcome instanceof Refusal)) return ttlMs
  return reasons[outcome.reason].status === 200 ? Math.min(REFUSAL_MS, ttlMs) : 0
}
