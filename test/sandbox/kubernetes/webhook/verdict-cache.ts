import { createHash } from 'node:crypto'
import type { Verdict } from './token-review.ts'

/** kube-apiserver's `--authentication-token-webhook-cache-ttl`, for both verdicts. */
const TTL_MS = 2 * 60 * 1000

/** Remembers verdicts by the token's hash. Errors are not remembered. */
export class VerdictCache {
  readonly #now: () => number
  readonly #verdicts = new Map<string, { verdict: Verdict; expires: number }>()

  /** @param now milliseconds of any clock */
  constructor(now: () => number) {
    this.#now = now
  }

  get(token: string): Verdict | undefined {
    const kept = this.#verdicts.get(hash(token))
    return kept !== undefined && kept.expires > this.#now() ? kept.verdict : undefined
  }

  set(token: string, verdict: Verdict): void {
    if (verdict.kind !== 'error') this.#verdicts.set(hash(token), { verdict, expires: this.#now() + TTL_MS })
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
