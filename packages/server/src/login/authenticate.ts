import { hasTokenPrefix } from '@aws-iam-authenticator/core/token/codec'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { repeatedFields, type Log, type LogFields } from '@aws-iam-authenticator/core/log/log'
import { userInfo, type UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import type { LogRefusal, Named } from '../log/bounded-refusals.ts'
import { createGrants, type Grant } from './grants.ts'
import { entryPath, grantedDecision, refusedDecision, type Decision, type Known } from './decision.ts'
import { nearestFields } from '../log/refusal-log.ts'
import type { Verified, Verify } from './verify.ts'

/** Maps a verified identity to a Kubernetes user; a promise where somebody has to be asked for that. */
export type MapIdentity = (identity: Identity) => Mapped | Refusal | Promise<Mapped | Refusal>

export interface AuthenticateOptions {
  readonly verify: Verify
  readonly map: MapIdentity
  /** The indexes by which `map` decides at this moment. */
  readonly indexes: () => readonly unknown[]
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

/** A token to decide about, with the audiences that the answer may name. */
export interface Login {
  readonly token: string
  /** Empty if none are requested. */
  readonly audiences: readonly string[]
}

/** A login that is granted. */
export interface Granted {
  readonly user: UserInfo
  /** Whether this very object has come before, or will come again: then what is made of it is worth to be kept. */
  readonly isKept: boolean
  /** The audiences asked for that this server serves; empty where it does not know them. */
  readonly audiences: readonly string[]
}

/** Where a request came from, as the log shows it. */
export type Origin = Readonly<Record<'path' | 'client' | 'method', string>>

/**
 * Decides about one TokenReview.
 *
 * @param address The address it came from.
 */
export type Authenticate = (login: Login, origin: Origin, address: string) => Promise<Granted | Refusal>

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

function scrubbedUser({ username, uid }: UserInfo, groups: readonly string[], identity: Identity): UserInfo {
  const [name = '', id = '', ...names] = [username, uid, ...groups].map((text) => scrub(text, identity))
  return { username: name, uid: id, groups: names }
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
  const {
    verify,
    map,
    indexes,
    nearestMisses,
    scrubbedAccounts,
    apiAudiences,
    log,
    logRefusal,
    foreignToken,
    decided,
  } = options
  const grants = createGrants(indexes)
  const letIn = ({ user, told, mapped, fields }: Grant, origin: Origin, known: Known): UserInfo => {
    log.info('access granted', origin, fields)
    decided(grantedDecision(told, mapped, known))
    return user
  }
  return async (login, origin) => {
    const startedAt = performance.now()
    let known: Known = { client: origin.client, startedAt }
    const refuse = (refusal: Refusal, fields: LogFields = {}, named?: Named): Refusal => {
      logRefusal(refusal, { ...origin, ...fields }, named)
      decided(refusedDecision(refusal, known))
      return refusal
    }
    if (login.token !== '' && !hasTokenPrefix(login.token)) {
      foreignToken()
      return new Refusal('malformed_token', 'this is a token of another kind')
    }
    const audiences = serveAudiences(login.audiences, apiAudiences)
    if (audiences instanceof Refusal) return refuse(audiences)
    const verified = await verify(login.token)
    if (verified instanceof Refusal) return refuse(verified)
    const { identity } = verified
    const { host } = verified.request
    const scrubbed = scrubbedAccounts.has(identity.accountId)
    const fields = scrubbed ? { stsendpoint: host } : identityFields(verified)
    known = { client: origin.client, startedAt, stsHost: host, ...(scrubbed ? {} : { identity }) }
    const repeated = verified.isRemembered ? grants.recall(verified) : undefined
    if (repeated !== undefined) return { user: letIn(repeated, origin, known), isKept: true, audiences }
    const stsAnswered = (): void => {
      if (!verified.isRemembered) log.info('STS response', origin, fields)
    }
    const keep = grants.begin()
    const mapping = map(identity)
    const mapped = await mapping
    if (mapped instanceof Refusal) {
      const misses = mapped.reason === 'not_mapped' ? nearestMisses(identity) : []
      const nearest = nearestFields(misses, scrubbed, scrubbedAccounts)
      const message = scrubbed ? scrub(mapped.message, identity) : mapped.message
      // Everybody who has some AWS account is named by STS: the line of its answer is bounded with that of the refusal.
      return refuse(new Refusal(mapped.reason, message), { ...fields, ...nearest }, { identity, before: stsAnswered })
    }
    stsAnswered()
    const user = userInfo(identity, mapped, scrubbed)
    const told = { ...user, groups: mapped.groups, ...(scrubbed ? scrubbedUser(user, mapped.groups, identity) : {}) }
    const { username, uid, groups } = told
    const granted = { ...fields, username, uid, groups, backend: mapped.backend, entry: entryPath(mapped) }
    const isToBeKept = verified.isRemembered && !(mapping instanceof Promise)
    const grant = { user, told, mapped, fields: isToBeKept ? repeatedFields(granted) : granted }
    if (isToBeKept) keep(verified, grant)
    return { user: letIn(grant, origin, known), isKept: isToBeKept, audiences }
  }
}
