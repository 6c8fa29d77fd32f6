import { isAllowedStsHost, regionOfStsHost, type StsHostPolicy } from '../aws/sts-host.ts'
import { Refusal } from '../errors/reasons.ts'
import { ignoreCheck, type OnPassed } from './checks.ts'
import { decodeToken } from './codec.ts'
import { parseQuery } from './query.ts'
import { checkSigningTime } from './signing-time.ts'

/** The header that binds a token to a cluster. The client signs it and the server sends it. */
export const CLUSTER_ID_HEADER = 'x-k8s-aws-id'

const MAX_EXPIRES_SECONDS = 900

/** The checked parts of a token. The request to STS is built from these alone. */
export interface StsRequest {
  /** An allowed STS host, without a port. */
  readonly host: string
  /** The region of the host, or `global`. */
  readonly region: string
  /** The query string exactly as it was signed, without the question mark. */
  readonly query: string
  /** The access key that the client claims to have signed with. STS has not verified it yet. */
  readonly accessKeyId: string
  readonly signedAt: Date
}

/** The policy for tokens. */
export interface TokenPolicy extends StsHostPolicy {
  readonly now: Date
  /** Regions that are allowed besides the server's own, in lower case, `global` for sts.amazonaws.com. Default: all. */
  readonly stsRegions?: ReadonlySet<string> | null
}

// User info, a port, a longer path or a fragment do not match. The URL is matched as a whole, because a URL parser would correct it.
const PRESIGNED_URL = /^https:\/\/([A-Za-z0-9.-]+)\/\?([^#]+)$/
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/
const ACCESS_KEY_ID = /^\w{1,128}$/
const INTEGER = /^\d{1,9}$/

function malformed(message: string): Refusal {
  return new Refusal('malformed_token', message)
}

/**
 * Decodes a bearer token and runs every check that needs no call to STS.
 *
 * @param onPassed Called after each check that the token passes.
 * @see {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html | AWS SigV4 query parameters}
 */
export function parseToken(token: string, policy: TokenPolicy, onPassed: OnPassed = ignoreCheck): StsRequest | Refusal {
  const url = decodeToken(token, onPassed)
  if (url instanceof Refusal) return url
  if (!PRINTABLE_ASCII.test(url)) return malformed('the URL has a byte outside printable ASCII')
  if (url.includes('\\')) return malformed('the URL has a backslash')
  const match = PRESIGNED_URL.exec(url)
  if (match === null) return malformed('the URL is not of the form https://<STS host>/?<query>')
  const [, host = '', query = ''] = match
  onPassed('url')
  if (!isAllowedStsHost(host, policy)) {
    return new Refusal('wrong_host', `the host is not an STS endpoint of partition ${policy.partition.id}`)
  }
  const region = regionOfStsHost(host)
  const isRestricted = policy.stsRegions !== undefined && policy.stsRegions !== null
  if (isRestricted && !policy.stsRegions.has(region.toLowerCase()) && region !== policy.serverRegion) {
    return new Refusal('wrong_host', `the region of ${host} is not in server.stsRegions`)
  }
  onPassed('host')

  const parameters = parseQuery(query)
  if (parameters instanceof Refusal) return parameters
  if (parameters.get('action') !== 'GetCallerIdentity') return malformed('Action is not GetCallerIdentity')
  const version = parameters.get('version')
  if (version !== undefined && version !== '2011-06-15') return malformed('Version is not 2011-06-15')
  onPassed('parameters')
  const signedHeaders = parameters.get('x-amz-signedheaders')?.toLowerCase().split(';') ?? []
  if (!signedHeaders.includes(CLUSTER_ID_HEADER)) {
    return malformed(`the client did not sign the ${CLUSTER_ID_HEADER} header: the token is bound to no cluster`)
  }
  onPassed('cluster_header')
  const expires = parameters.get('x-amz-expires') ?? ''
  if (!INTEGER.test(expires) || Number(expires) > MAX_EXPIRES_SECONDS) {
    return malformed(`X-Amz-Expires is not an integer from 0 to ${MAX_EXPIRES_SECONDS}`)
  }
  onPassed('lifetime')
  const signedAt = checkSigningTime(parameters.get('x-amz-date'), policy.now)
  if (signedAt instanceof Refusal) return signedAt
  onPassed('clock')
  const accessKeyId = parameters.get('x-amz-credential')?.split('/')[0] ?? ''
  if (!ACCESS_KEY_ID.test(accessKeyId)) return malformed('X-Amz-Credential does not begin with an access key id')
  onPassed('access_key')

  return { host, region, query, accessKeyId, signedAt }
}
