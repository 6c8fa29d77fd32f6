import { hasTokenPrefix } from '@aws-iam-authenticator/core/token/codec'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { repeatedFields, type Log, type LogFields } from '@aws-iam-authenticator/core/log/log'
import { userInfo, type UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import type { LogRefusal, Named } from '../log/bounded-refusals.ts'
import { createGrants, type CachedGrant } from './grants.ts'
import { entryPath, grantedDecision, refusedDecision, type Known, type OnDecision } from './decision.ts'
import { nearestFields } from '../log/refusal-log.ts'
import { looksLikeJwt } from '../jwt/read-jwt.ts'
import type { VerifyJwt } from './jwt-verifier.ts'
import type { Verified, Verify } from './verify.ts'

/** Maps a verified identity to a Kubernetes user. It returns a promise only if the mapping depends on EC2. */
export type MapIdentity = (identity: Identity) => Mapped | Refusal | Promise<Mapped | Refusal>

export interface AuthenticateOptions {
  /** Verifies presigned tokens. */
  readonly verify: Verify
  /** Verifies AWS-signed JWTs; null if none are accepted. */
  readonly verifyJwt: VerifyJwt | null
  readonly map: MapIdentity
  /** The indexes that `map` reads at this moment. */
  readonly indexes: () => readonly unknown[]
  /** Near misses: entries that almost match an unmapped identity. */
  readonly nearestMisses: (identity: Identity) => readonly NearMiss[]
  /** Suggests how to map an identity; null if it can't be suggested. */
  readonly suggestMapping: (identity: Identity) => string | null
  /** Accounts of which only the username and groups may be logged. */
  readonly scrubbedAccounts: ReadonlySet<string>
  /** The API server's audiences; null if unknown. */
  readonly apiAudiences: readonly string[] | null
  readonly log: Log
  readonly logRefusal: LogRefusal
  readonly onDecision: OnDecision
}

/** A token to decide about, with the audiences that the answer may name. */
export interface Login {
  readonly token: string
  /** Empty if none are requested. */
  readonly audiences: readonly string[]
}

/** A login that is granted. */
export interface Granted {
  readonly user: UserInfo
  /** Whether `user` is a cached object: then its rendered answer is worth caching, too. */
  readonly isKept: boolean
  /** The requested audiences that this server serves; empty if it does not know them. */
  readonly audiences: readonly string[]
}

/** The origin of a request, as the log shows it. */
export type Origin = Readonly<Record<'path' | 'client' | 'method', string>>

/**
 * Decides about one login.
 *
 * @param address The client's address.
 */
export type Authenticate = (login: Login, origin: Origin, address: string) => Promise<Granted | Refusal>

/** The ARN by which mappings know the caller, for the line about the decision. The line about the answer of STS has the session's. */
function decisionFields(fields: LogFields, { canonicalArn }: Identity, isScrubbed: boolean): LogFields {
  return isScrubbed ? fields : { ...fields, arn: canonicalArn }
}

function identityFields({ identity, stsHost, issuer }: Verified): LogFields {
  const { web } = identity
  if (web !== undefined) {
    const { sourceIdentity } = web
    const named = sourceIdentity === undefined ? {} : { sourceidentity: sourceIdentity }
    return { arn: identity.arn, accountid: identity.accountId, sub: identity.arn, issuer, ...named }
  }
  return {
    arn: identity.arn,
    accountid: identity.accountId,
    accesskeyid: identity.accessKeyId,
    userid: identity.userId,
    session: identity.sessionName,
    stsendpoint: stsHost,
  }
}

function scrubbedFields({ stsHost }: Verified): LogFields {
  return stsHost === undefined ? {} : { stsendpoint: stsHost }
}

/** What the decision about a verified token may tell. */
function knownOf({ identity, stsHost, issuer }: Verified, isScrubbed: boolean): Partial<Known> {
  const host = stsHost === undefined ? {} : { stsHost }
  if (isScrubbed) return host
  return issuer === undefined ? { ...host, identity } : { identity, issuer }
}

/** Masks the ARN and ids of a scrubbed account in a text for the log: templates can put them into a username or a group. */
function scrub(text: string, identity: Identity): string {
  const { arn, canonicalArn, accountId, userId, accessKeyId, web } = identity
  const names = [web?.sourceIdentity ?? '', web?.identityStoreUserId ?? '']
  const secrets = [arn, canonicalArn, accountId, userId, accessKeyId, ...names].filter((secret) => secret !== '')
  return secrets.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, '***'), text)
}

function scrubbedUser({ username, uid }: UserInfo, groups: readonly string[], identity: Identity): UserInfo {
  const [name = '', id = '', ...names] = [username, uid, ...groups].map((text) => scrub(text, identity))
  return { username: name, uid: id, groups: names }
}

/**
 * Returns the audiences of the answer. Without `apiAudiences` there are none, and kube-apiserver takes the token as valid for its
 * own audiences alone (Kubernetes API, TokenReviewStatus.audiences).
 */
function serveAudiences(asked: readonly string[], served: readonly string[] | null): readonly string[] | Refusal {
  if (served === null || asked.length === 0) return []
  const both = asked.filter((audience) => served.includes(audience))
  return both.length > 0
    ? both
    : new Refusal('unsupported_audience', 'none of the audiences asked for is in server.apiAudiences')
}

/** Creates the grant of a mapped identity. Its log fields contain neither ARN nor ids of a scrubbed account. */
function grantOf(identity: Identity, mapped: Mapped, isScrubbed: boolean, fields: LogFields): CachedGrant {
  const user = userInfo(identity, mapped, isScrubbed)
  const loggedUser = {
    ...user,
    groups: mapped.groups,
    ...(isScrubbed ? scrubbedUser(user, mapped.groups, identity) : {}),
  }
  const { username, uid, groups } = loggedUser
  const { backend } = mapped
  return { user, loggedUser, mapped, fields: { ...fields, username, uid, groups, backend, entry: entryPath(mapped) } }
}

/** Returns the fields that help to map an unmapped identity: the near misses, or a suggestion if there are none. */
function hintFields(
  identity: Identity,
  isScrubbed: boolean,
  { nearestMisses, suggestMapping, scrubbedAccounts }: AuthenticateOptions,
): LogFields {
  const misses = nearestMisses(identity)
  if (misses.length > 0) return nearestFields(misses, isScrubbed, scrubbedAccounts)
  const fix = isScrubbed ? null : suggestMapping(identity)
  return fix === null ? {} : { fix }
}

/** Creates the function that takes a token through verifying and mapping, and logs and reports the decision. */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { verify, verifyJwt, map, scrubbedAccounts, log, logRefusal, onDecision } = options
  /** Null for a foreign token. */
  const verifierOf = (token: string): VerifyJwt | null => {
    if (token === '' || hasTokenPrefix(token)) return verify
    return looksLikeJwt(token) ? verifyJwt : null
  }
  const grants = createGrants(options.indexes)
  const grant = ({ user, loggedUser, mapped, fields }: CachedGrant, origin: Origin, known: Known): UserInfo => {
    log.info('access granted', origin, fields)
    onDecision(grantedDecision(loggedUser, mapped, known))
    return user
  }
  return async (login, origin) => {
    const startedAt = performance.now()
    let known: Known = { client: origin.client, startedAt }
    const refuse = (refusal: Refusal, fields: LogFields = {}, named?: Named): Refusal => {
      logRefusal(refusal, { ...origin, ...fields }, named)
      onDecision(refusedDecision(refusal, known))
      return refusal
    }
    const refuseForeign = (): Refusal => {
      const refusal = new Refusal('malformed_token', 'this is a token of another kind')
      onDecision(refusedDecision(refusal, known, 'foreign_token'))
      return refusal
    }
    const check = verifierOf(login.token)
    if (check === null) return refuseForeign()
    const audiences = serveAudiences(login.audiences, options.apiAudiences)
    if (audiences instanceof Refusal) return refuse(audiences)
    const verified = await check(login.token)
    if (verified === null) return refuseForeign()
    if (verified instanceof Refusal) return refuse(verified)
    const { identity, stsHost } = verified
    const isScrubbed = scrubbedAccounts.has(identity.accountId)
    const fields = isScrubbed ? scrubbedFields(verified) : identityFields(verified)
    known = { ...known, ...knownOf(verified, isScrubbed) }
    const repeated = verified.isRemembered ? grants.recall(verified) : undefined
    if (repeated !== undefined) return { user: grant(repeated, origin, known), isKept: true, audiences }
    const stsAnswered = (): void => {
      if (stsHost !== undefined && !verified.isRemembered && !isScrubbed) log.info('STS response', origin, fields)
    }
    const decided = decisionFields(fields, identity, isScrubbed)
    const keep = grants.begin()
    const mapping = map(identity)
    const mapped = await mapping
    if (mapped instanceof Refusal) {
      const hints = mapped.reason === 'not_mapped' ? hintFields(identity, isScrubbed, options) : {}
      const message = isScrubbed ? scrub(mapped.message, identity) : mapped.message
      // Anyone with an AWS account gets an answer from STS, so the line about it is limited together with that of the refusal.
      return refuse(new Refusal(mapped.reason, message), { ...decided, ...hints }, { identity, before: stsAnswered })
    }
    stsAnswered()
    const granted = grantOf(identity, mapped, isScrubbed, decided)
    const isKept = verified.isRemembered && !(mapping instanceof Promise)
    if (isKept) {
      repeatedFields(granted.fields)
      keep(verified, granted)
    }
    return { user: grant(granted, origin, known), isKept, audiences }
  }
}
