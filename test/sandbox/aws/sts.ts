import { setTimeout } from 'node:timers/promises'
import type { Accounts, Identity } from './account.ts'
import { assumeRole, assumeRoleWithWebIdentity } from './assume-role.ts'
import { parseAuthentication } from './authentication.ts'
import { AwsError } from './aws-error.ts'
import { REDIRECT_HOST, impostorAnswer, type Faults } from './faults.ts'
import { getWebIdentityToken, type OutboundFederation } from './get-web-identity-token.ts'
import { GLOBAL_HOST, parseStsHost } from './hosts.ts'
import { failure, parseParameters, success, type Fields } from './query-protocol.ts'
import { requestLog, type RecordedRequest } from './request-log.ts'
import { verifySignature } from './sigv4.ts'
import { hostName, type Reply, type Route, type WireRequest } from './wire.ts'

/** The fake Security Token Service, for all its hosts at once. */
export interface Sts extends Route, Accounts {
  readonly federation: OutboundFederation
  /** Every request, in order, including those that a fault swallowed. */
  readonly requests: readonly RecordedRequest[]
  /** The number of requests that wait for an answer. */
  readonly inFlight: number
  /** The largest number of concurrently waiting requests so far. */
  readonly peakInFlight: number
  /** The latency of each answer, in milliseconds. Tests may change it at any time. */
  delay: number
}

/** The dependencies of the service. */
export interface StsOptions extends Accounts {
  readonly federation: OutboundFederation
  readonly faults: Faults
  readonly now: () => Date
}

/**
 * An STS with GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity and GetWebIdentityToken, by GET and POST, signed
 * in the query string or in a header, with answers in JSON or XML. Each regional host accepts signatures for its own region
 * only. The global host accepts those for us-east-1, and has no GetWebIdentityToken.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
 */
export function createSts({ identities, roles, federation, faults, now }: StsOptions): Sts {
  const accounts = { identities, roles, federation }
  const log = requestLog(now)

  async function reply(request: WireRequest): Promise<Reply> {
    if (hostName(request.host) === REDIRECT_HOST) return impostorAnswer()
    if (sts.delay > 0) await setTimeout(sts.delay, undefined, { signal: request.signal })
    const fault = await faults.strike(request)
    if (fault !== undefined) return fault
    try {
      const parameters = parseParameters(request)
      return success(request, parameters.get('Action') ?? '', perform(accounts, request, parameters, now()))
    } catch (error) {
      if (error instanceof AwsError) return failure(request, error)
      throw error
    }
  }

  const sts: Sts = {
    identities,
    roles,
    federation,
    delay: 0,
    requests: log.requests,
    get inFlight() {
      return log.inFlight
    },
    get peakInFlight() {
      return log.peakInFlight
    },
    matches: (host) => host === REDIRECT_HOST || parseStsHost(host) !== undefined,
    handle: async (request) => dated(isBare(request) ? FRONT_DOOR : await log.watch(request, reply), now()),
  }
  return sts
}

/** A request without an action is not an API call: AWS redirects browsers to a product page. */
function isBare({ method, query, body }: WireRequest): boolean {
  return method === 'GET' && query === '' && body === ''
}

const FRONT_DOOR: Reply = { status: 302, headers: { location: 'https://aws.amazon.com/iam' }, body: '' }

/** AWS sends its time with each answer. Clients correct their clock with it. */
function dated(reply: Reply, time: Date): Reply {
  return reply === 'reset' ? reply : { ...reply, headers: { date: time.toUTCString(), ...reply.headers } }
}

type Contents = Pick<StsOptions, 'identities' | 'roles' | 'federation'>

function perform(accounts: Contents, request: WireRequest, parameters: URLSearchParams, now: Date): Fields {
  const action = parameters.get('Action') ?? ''
  switch (action) {
    case 'GetCallerIdentity': {
      const caller = authenticate(accounts, request, now)
      return { Arn: caller.arn, UserId: caller.userId, Account: caller.accountId }
    }
    case 'AssumeRole':
      return assumeRole(accounts, authenticate(accounts, request, now), parameters, now)
    case 'AssumeRoleWithWebIdentity':
      return assumeRoleWithWebIdentity(accounts, parameters, now)
    case 'GetWebIdentityToken': {
      const host = hostName(request.host)
      const { region = '' } = parseStsHost(host) ?? {}
      if (host === GLOBAL_HOST) break
      const caller = authenticate(accounts, request, now)
      return getWebIdentityToken(accounts.federation, { caller, region, parameters, now })
    }
  }
  throw new AwsError('InvalidAction', `Could not find operation ${action} for version 2011-06-15`)
}

function authenticate({ identities }: Accounts, request: WireRequest, now: Date): Identity {
  const authentication = parseAuthentication(request)
  if (authentication === undefined) {
    throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token')
  }
  const host = parseStsHost(hostName(request.host))
  const identity = identities.get(authentication.accessKeyId)
  if (
    host === undefined ||
    identity === undefined ||
    identity.sessionToken !== authentication.sessionToken ||
    identity.arn.split(':')[1] !== host.partition
  ) {
    throw new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid.')
  }
  if (identity.expires !== undefined && identity.expires <= now) {
    throw new AwsError('ExpiredToken', 'The security token included in the request is expired')
  }
  const { secretAccessKey } = identity
  verifySignature(request, authentication, { secretAccessKey, region: host.region, service: 'sts', now })
  return identity
}
