import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { Log, LogFields } from '@aws-iam-authenticator/core/log/log'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { refusalFields } from './refusal-log.ts'
import { createTokenBucket, type TokenBucket } from '../util/token-bucket.ts'

/** Lines: so many at once, and after that so many a second. */
interface Limits {
  readonly burst: number
  readonly perSecond: number
}

/** One reason; of whoever STS has named, one reason and one principal. */
const KIND: Limits = { burst: 6, perSecond: 0.25 }

/** All principals of one account: whoever owns one can make as many of them as he likes. */
const ACCOUNT: Limits = { burst: 12, perSecond: 1 }

/** All lines about nobody knows whom: nine in any second. */
const UNNAMED: Limits = { burst: 7, perSecond: 2 }

/** All lines about those whom STS has named: fifteen in any second. */
const NAMED: Limits = { burst: 12, perSecond: 3 }

/** So many of all lines are kept for kinds that had none lately; of those about the named, as many again for quiet accounts. */
const KEPT = 3

/** Without a line for so long a kind had none lately. */
const LATELY_MS = 20_000

/** Kinds, and accounts, that are told apart at one time. */
export const MAX_KINDS = 1_024

/** Who is refused, once STS has said so. */
export interface Named {
  readonly identity: Pick<Identity, 'accountId' | 'canonicalArn'>
  /** Logs what goes before the line; called where there is one. */
  readonly before?: () => void
}

/** Logs a refusal. */
export type LogRefusal = (refusal: Refusal, fields: LogFields, named?: Named) => void

interface Kind {
  readonly bucket: TokenBucket
  loggedAt: number
  unlogged: number
}

/** What came up lately, by name; what has not come up for longest is forgotten first. */
function createRecent<T>(create: () => T, forgotten: (value: T) => void = () => undefined): (name: string) => T {
  const recent = new Map<string, T>()
  return (name) => {
    const value = recent.get(name) ?? create()
    recent.delete(name)
    recent.set(name, value)
    if (recent.size > MAX_KINDS) {
      for (const [oldest, old] of recent) {
        recent.delete(oldest)
        forgotten(old)
        break
      }
    }
    return value
  }
}

/**
 * The line `access denied`, bounded, so that no flood fills the log or hides the one line that somebody looks for. Lines whose
 * author is not known share one budget, and those about whom STS has named another, of which no account has more than its share.
 * The next line of a kind that was held back says by how many in the field `unlogged`; `unloggedOthers` counts what kinds held
 * back that are no longer told apart.
 *
 * @param now Milliseconds since some moment, never set back.
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
  // What a kind or an account takes is gone even where the next bucket has none: so each tries its luck no more often than it may
  // have lines, however many it sends, and none has the whole budget by being the loudest.
  const mayLog = ({ bucket, loggedAt }: Kind, named: Named | undefined): boolean => {
    if (bucket.take(0) === null) return false
    const keep = now() - loggedAt < LATELY_MS ? KEPT : 0
    if (named === undefined) return unnamed.take(0, keep) !== null
    const account = accountOf(named.identity.accountId)
    if (account.take(0, ACCOUNT.burst / 2) !== null) return allNamed.take(0) !== null
    return account.take(0) !== null && allNamed.take(0, KEPT + keep) !== null
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
