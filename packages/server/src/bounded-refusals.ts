import type { Log, LogFields, Refusal } from '@aws-iam-authenticator/core'
import { refusalFields } from './refusal-log.ts'
import { createTokenBucket, type TokenBucket } from './token-bucket.ts'

/** Lines of one kind: so many at once, and after that so many a second. */
const BURST = 30
const PER_SECOND = 0.5

/** Kinds of lines that are told apart at one time. */
const MAX_KINDS = 1_024

/** Logs a refusal. `arn` is whose login it was, canonical, once STS has said so. */
export type LogRefusal = (refusal: Refusal, fields: LogFields, arn?: string) => void

interface Kind {
  readonly bucket: TokenBucket
  unlogged: number
}

/**
 * The line `access denied`, bounded: a flood of one reason hides neither the other reasons nor those whom STS has named, each
 * of whom has lines of their own. The next line of a kind that was held back says by how many in the field `unlogged`.
 *
 * @param now Milliseconds since some moment, never set back.
 */
export function createRefusalLog(log: Log, now: () => number): LogRefusal {
  const kinds = new Map<string, Kind>()
  const kindOf = (name: string): Kind => {
    const kind = kinds.get(name) ?? { bucket: createTokenBucket(PER_SECOND, BURST, now), unlogged: 0 }
    // Put at the end again: the first is what has not come up for longest.
    kinds.delete(name)
    kinds.set(name, kind)
    if (kinds.size > MAX_KINDS) {
      for (const oldest of kinds.keys()) {
        kinds.delete(oldest)
        break
      }
    }
    return kind
  }
  return (refusal, fields, arn = '') => {
    const kind = kindOf(`${refusal.reason} ${arn}`)
    if (kind.bucket.take(0) === null) {
      kind.unlogged += 1
      return
    }
    const unlogged = kind.unlogged > 0 ? { unlogged: kind.unlogged } : {}
    kind.unlogged = 0
    log.warn('access denied', { ...fields, ...refusalFields(refusal), ...unlogged })
  }
}
