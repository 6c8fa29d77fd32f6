import { BoundedMap } from '@aws-iam-authenticator/core/bounded-map'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { Log, LogFields } from '@aws-iam-authenticator/core/log/log'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { refusalFields } from './refusal-log.ts'
import { createTokenBucket, type TokenBucket } from '../util/token-bucket.ts'

/** A limit of log lines: a burst, then a number of lines per second. */
interface Limits {
  readonly burst: number
  readonly perSecond: number
}

/** Log budget of one reason; once STS has identified the caller, of one reason and one principal. */
const KIND: Limits = { burst: 6, perSecond: 0.25 }

/** Log budget of all principals of one account: its owner can create any number of them. */
const ACCOUNT: Limits = { burst: 12, perSecond: 1 }

/** Log budget for refusals before STS has identified the caller: 9 lines per second. */
const UNNAMED: Limits = { burst: 7, perSecond: 2 }

/** Log budget for refusals of callers whom STS has identified: 15 lines per second. */
const NAMED: Limits = { burst: 12, perSecond: 3 }

/** Lines reserved for kinds without a recent line. For identified callers, as many again are reserved for quiet accounts. */
const RESERVED = 3

/** The age at which a line stops being recent, in milliseconds. */
const RECENT_MS = 30_000

/** The limit of kinds, and of accounts, with a budget of their own. */
export const MAX_KINDS = 1_024

/** The refused caller, once STS has identified it. */
export interface Named {
  readonly identity: Pick<Identity, 'accountId' | 'canonicalArn'>
  /** Logs the lines that belong before the refusal; called only if the refusal is logged. */
  readonly before?: () => void
}

/** Logs a refusal. */
export type LogRefusal = (refusal: Refusal, fields: LogFields, named?: Named) => void

interface Kind {
  readonly bucket: TokenBucket
  loggedAt: number
  unlogged: number
}

/** Creates an LRU table of values by name. */
function createRecent<T>(create: () => T, onDropped?: (value: T) => void): (name: string) => T {
  const recent = new BoundedMap<string, T>(MAX_KINDS, onDropped)
  return (name) => {
    const value = recent.get(name) ?? create()
    recent.set(name, value)
    return value
  }
}

/**
 * Logs `access denied` within limits, so that a flood neither fills the log nor hides other lines. Refusals before STS has identified
 * the caller share one budget. Those of identified callers share another, in which each account has a limited share. The next line of
 * a kind has the number of its suppressed lines in the field `unlogged`. The field `unloggedOthers` is the number of suppressed lines
 * of kinds that have left the table.
 *
 * @param now Monotonic time in milliseconds.
 */
export function createRefusalLog(log: Log, now: () => number): LogRefusal {
  const bucketOf = ({ burst, perSecond }: Limits): TokenBucket => createTokenBucket(perSecond, burst, now)
  const [unnamed, allNamed] = [bucketOf(UNNAMED), bucketOf(NAMED)]
  const accountOf = createRecent(() => bucketOf(ACCOUNT))
  let unloggedOthers = 0
  const kindOf = createRecent<Kind>(
    () => ({ bucket: bucketOf(KIND), loggedAt: -Infinity, unlogged: 0 }),
    ({ unlogged }) => (unloggedOthers += unlogged),
  )
  // A kind or an account spends a token even if the next bucket is empty. So it asks for the shared budget no more often than its own
  // limit allows, and none gets the whole budget by sending the most.
  const mayLog = ({ bucket, loggedAt }: Kind, named: Named | undefined): boolean => {
    if (bucket.take(0) === null) return false
    const keep = now() - loggedAt < RECENT_MS ? RESERVED : 0
    if (named === undefined) return unnamed.take(0, keep) !== null
    const account = accountOf(named.identity.accountId)
    if (account.take(0, ACCOUNT.burst / 2) !== null) return allNamed.take(0) !== null
    return account.take(0) !== null && allNamed.take(0, RESERVED + keep) !== null
  }
  return (refusal, fields, named) => {
    const kind = kindOf(`${refusal.reason} ${named?.identity.canonicalArn ?? ''}`)
    if (!mayLog(kind, named)) {
      kind.unlogged += 1
      return
    }
    named?.before?.()
    const unlogged = {
      ...(kind.unlogged > 0 ? { unlogged: kind.unlogged } : {}),
      ...(unloggedOthers > 0 ? { unloggedOthers } : {}),
    }
    kind.unlogged = 0
    kind.loggedAt = now()
    unloggedOthers = 0
    log.warn('access denied', { ...fields, ...refusalFields(refusal), ...unlogged })
  }
}
