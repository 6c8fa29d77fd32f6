import {
  hasTokenPrefix,
  Refusal,
  userInfo,
  type Identity,
  type Log,
  type LogFields,
  type Mapped,
  type NearMiss,
  type UserInfo,
} from '@aws-iam-authenticator/core'
import type { LogRefusal, Named } from './bounded-refusals.ts'
import { entryPath, grantedDecision, refusedDecision, type Decision, type Known } from './decision.ts'
import { nearestFields } from './refusal-log.ts'
import type { TokenReview } from './token-review.ts'
import type { Verified, Verify } from './verify.ts'

/** Maps a verified identity to a Kubernetes user. */
export type MapIdentity = (identity: Identity) => Promise<Mapped | Refusal>

export interface AuthenticateOptions {
  readonly verify: Verify
  readonly map: MapIdentity
  /** The entries that are nearly for an identity that none is for. */
  readonly nearestMisses: (identity: Identity) => readonly NearMiss[]
  /** Accounts of which nothing but username and groups may be told or logged. */
  readonly scrubbedAccounts: ReadonlySet<string>
  /** The API server's audiences; null where this server does not know them. */
  readonly apiAudiences: readonly string[] | null
  readonly log: Log
  readonly logRefusal: LogRefusal
  /** Notes a token of another kind. */
  readonly foreignToken: () => void
  /** Is told of each decision. */
  readonly decided: (decision: Decision) => void
}

/** A login that is let in. */
export interface Granted {
  readonly user: UserInfo
  /** The audiences asked for that this server serves; empty where it does not know them. */
  readonly audiences: readonly string[]
}

/**
 * Decides about one TokenReview.
 *
 * @param origin The log fields that say where it came from.
 * @param client The address it came from.
 */
export type Authenticate = (review: TokenReview, origin: LogFields, client: string) => Promise<Granted | Refusal>

function identityFields({ identity, request }: Verified): LogFields {
  return {
    arn: identity.arn,
    accountid: identity.accountId,
    accesskeyid: identity.accessKeyId,
    userid: identity.userId,
    session: identity.sessionName,
    stsendpoint: request.host,
  }
}

/** A text of a scrubbed account for the log: templates can put the ARN and ids into a username or a group. */
function scrub(text: string, identity: Identity): string {
  const secrets = [identity.arn, identity.canonicalArn, identity.accountId, identity.userId, identity.accessKeyId]
  return secrets.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, '***'), text)
}

/**
 * Without `apiAudiences` the answer names no audience, by which kube-apiserver takes the token as valid for its own audiences
 * alone (Kubernetes API, TokenReviewStatus.audiences).
 */
function serveAudiences(asked: readonly string[], served: readonly string[] | null): readonly string[] | Refusal {
  if (served === null || asked.length === 0) return []
  const both = asked.filter((audience) => served.includes(audience))
  return both.length > 0
    ? both
    : new Refusal('unsupported_audience', 'none of the audiences asked for is in server.apiAudiences')
}

/** The way of one token through the server: verify, map, answer; and what the log says of it. */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { verify, map, nearestMisses, scrubbedAccounts, apiAudiences, log, logRefusal, foreignToken, decided } = options
  return async (review, origin, client) => {
    let known: Known = { client: String(origin['client'] ?? ''), startedAt: performance.now() }
    const refuse = (refusal: Refusal, fields: LogFields = {}, named?: Named): Refusal => {
      logRefusal(refusal, { ...origin, ...fields }, named)
      decided(refusedDecision(refusal, known))
      return refusal
    }
    if (review.token !== '' && !hasTokenPrefix(review.token)) {
      foreignToken()
      return new Refusal('malformed_token', 'this is a token of another kind')
    }
    const audiences = serveAudiences(review.audiences, apiAudiences)
    if (audiences instanceof Refusal) return refuse(audiences)
    const verified = await verify(review.token, client)
    if (verified instanceof Refusal) return refuse(verified)
    const { identity } = verified
    const scrubbed = scrubbedAccounts.has(identity.accountId)
    const fields = scrubbed ? { stsendpoint: verified.request.host } : identityFields(verified)
    known = { ...known, stsHost: verified.request.host, ...(scrubbed ? {} : { identity }) }
    const stsAnswered = (): void => {
      if (!verified.isRemembered) log.info('STS response', { ...origin, ...fields })
    }
    const shown = (text: string): string => (scrubbed ? scrub(text, identity) : text)
    const mapped = await map(identity)
    if (mapped instanceof Refusal) {
      const misses = mapped.reason === 'not_mapped' ? nearestMisses(identity) : []
      const nearest = nearestFields(misses, scrubbed, scrubbedAccounts)
      // Everybody who has some AWS account is named by STS: the line of its answer is bounded with that of the refusal.
      const named = { identity, before: stsAnswered }
      return refuse(new Refusal(mapped.reason, shown(mapped.message)), { ...fields, ...nearest }, named)
    }
    stsAnswered()
    const user = userInfo(identity, mapped, scrubbed)
    const told = { ...user, username: shown(user.username), uid: shown(user.uid), groups: mapped.groups.map(shown) }
    log.info('access granted', {
      ...origin,
      ...fields,
      username: told.username,
      uid: told.uid,
      groups: told.groups,
      backend: mapped.backend,
      entry: entryPath(mapped),
    })
    decided(grantedDecision(told, mapped, known))
    return { user, audiences }
  }
}
