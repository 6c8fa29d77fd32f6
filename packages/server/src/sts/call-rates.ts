import { createTokenBucket, type TokenBucket } from '../token-bucket.ts'

/** Calls of STS a second on behalf of one client address, and in all. One process does not reach either in normal work. */
const PER_CLIENT = 8_000
const IN_ALL = 12_000

/** Addresses that are told apart at one time. */
const MAX_CLIENTS = 1_024

/** Bounds the rate of what would go to STS. */
export interface CallRates {
  /** Whether one more call may be made for this client. */
  admits(client: string): boolean
}

/** @param now Milliseconds since some moment, never set back. */
export function createCallRates(now: () => number, perClient: number = PER_CLIENT, inAll: number = IN_ALL): CallRates {
  const all = createTokenBucket(inAll, inAll, now)
  const clients = new Map<string, TokenBucket>()
  return {
    admits: (client) => {
      const bucket = clients.get(client) ?? createTokenBucket(perClient, perClient, now)
      // Put at the end again: the first is who has been silent for longest.
      clients.delete(client)
      clients.set(client, bucket)
      if (clients.size > MAX_CLIENTS) {
        for (const longestSilent of clients.keys()) {
          clients.delete(longestSilent)
          break
        }
      }
      return bucket.take(0) !== null && all.take(0) !== null
    },
  }
}
