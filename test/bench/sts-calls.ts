import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import { createRemembered } from '../../packages/server/src/sts/remembered.ts'
import { createVerifier, type Verified } from '../../packages/server/src/login/verify.ts'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Figure } from './results.ts'
import { createTokens, STS_ANSWER } from './tokens.ts'

const SECTION = 'sts-calls'
const LIFE_MS = 15 * 60_000
const API_SERVER_CACHE_MS = 2 * 60_000
const TTLS_MS: ReadonlyMap<string, number> = new Map([
  ['0', 0],
  ['30s', 30_000],
  ['2m', 120_000],
])

/** Moments from 0 on, at this distance, within the life of a login. */
function every(milliseconds: number, from = 0): number[] {
  const moments: number[] = []
  for (let at = from; at < LIFE_MS; at += milliseconds) moments.push(at)
  return moments
}

/** The moments at which a webhook is called for one token. */
const ASKED: ReadonlyMap<string, readonly number[]> = new Map([
  ['one API server', every(API_SERVER_CACHE_MS)],
  ['three API servers, 10 s apart', [0, 10_000, 20_000].flatMap((from) => every(API_SERVER_CACHE_MS, from))],
  ['asked each second', every(1000)],
])

/** The moments at which STS was called for one token. */
async function callsFor(asked: readonly number[], ttlMs: number): Promise<number[]> {
  const partition = findPartition('aws')
  if (partition === undefined) throw new TypeError('no partition')
  const token = createTokens()(0)
  const startedAt = Date.now()
  const calls: number[] = []
  let at = 0
  const verify = createVerifier({
    askSts: () => {
      calls.push(at)
      return Promise.resolve(STS_ANSWER)
    },
    partition,
    serverRegion: () => null,
    now: () => new Date(startedAt + at),
    memory: {
      ttlMs,
      remembered: createRemembered<Verified | Refusal>(
        () => at,
        () => undefined,
      ),
    },
  })
  for (at of asked.toSorted((a, b) => a - b)) {
    const outcome = await verify(token)
    if (!('identity' in outcome)) throw new Error(outcome.message)
  }
  return calls
}

/** The largest number of these moments within this many milliseconds. */
function mostWithin(moments: readonly number[], milliseconds: number): number {
  return Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + milliseconds).length))
}

/** The number of STS calls for one login in its 15 minutes. */
export async function measureStsCalls(): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [who, asked] of ASKED) {
    for (const [ttl, ttlMs] of TTLS_MS) {
      const calls = await callsFor(asked, ttlMs)
      const figure = { section: SECTION, runtime: null, unit: 'count' } as const
      const cached = who === 'asked each second' ? 'no cache in front' : "each API server's cache holds for 2 minutes"
      const how = `the verifier of the server with a simulated clock; one token, asked ${asked.length} times, ${cached}`
      figures.push({ ...figure, name: `${who}, tokenCacheTTL ${ttl}: calls`, value: calls.length, how })
      if (ttlMs === 0) continue
      figures.push({
        ...figure,
        name: `${who}, tokenCacheTTL ${ttl}: calls while it is remembered`,
        value: mostWithin(calls, ttlMs),
        how: `the most of these calls within any ${ttl}`,
        target: { most: 1 },
      })
    }
  }
  return figures
}
