import { reasons, Refusal } from '@aws-iam-authenticator/core/errors/reasons'

/** The longest time that a refusal is cached, in milliseconds. STS accepts a new access key only after a few seconds. */
const REFUSAL_MS = 10_000

/** Returns how long an outcome is cached, in milliseconds: 0 for errors, which are not verdicts. */
export function lifetimeOf(outcome: unknown, ttlMs: number): number {
  if (!(outcome instanceof Refusal)) return ttlMs
  return reasons[outcome.reason].status === 200 ? Math.min(REFUSAL_MS, ttlMs) : 0
}
