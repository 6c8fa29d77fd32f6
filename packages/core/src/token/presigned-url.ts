import { isAllowedStsHost, regionOfStsHost, type StsHostPolicy } from '../aws/sts-host.ts'
import { Refusal } from '../errors/reasons.ts'
import { ignoreCheck, type OnPassed } from './checks.ts'
import { decodeToken } from './codec.ts'
import { parseQuery } from './query.ts'
import { checkSigningTime } from './signing-time.ts'

/** The header that binds a token to a cluster: signed by the client, sent by the server. */
export const CLUSTER_ID_HEADER = 'x-k8s-aws-id'

const MAX_EXPIRES_SECONDS = 900

/** The checked parts of a token: all that a request to STS is built from. */
export interface StsRequest {
  /** An allowed STS host, no port. */
  readonly host: string
  /** The region the host serves, or `global`. */
  readonly region: string
  /** The query string, byte for byte as it was signed, without the question mark. */
  readonly query: string
  /** The access key the client claims to have signed with; true once STS has verified the signature. */
  readonly accessKeyId: string
  readonly signedAt: Date
}

/** What a token is checked against. */
export interface TokenPolicy extends StsHostPolicy {
  readonly now: Date
  /** The only regions whose STS is asked, beside the server's own, in lower case, `global` for sts.amazonaws.com; default: all. */
  readonly stsRegions?: ReadonlySet<string> | null
}

// Everything else that a URL can hold (user info, a port, a longer path, a fragment) does not fit this form. The URL is
// matched as a whole, not handed to a parser that would mend it.
const PRESIGNED_URL = /^https:\/\/([A-Za-z0-9.-]+)\/\?([^#]+)$/
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/
const ACCESS_KEY_ID = /^\w{1,128}$/
const INTEGER = /^\d{1,9}$/

function malformed(message: string): Refusal {
  return new Refusal('malformed_token', message)
}

/**
 * Takes a bearer token apart and checks all that can be checked without asking STS.
 *
 * @param passed For whoever wants to show how far a token came.
 * @see {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html | AWS SigV4 query parameters}
 */
export function parseToken(token: string, policy: TokenPolicy, passed: OnPassed = ignoreCheck): StsRequest | Refusal {
  const url = decodeToken(token, passed)
  if (url instanceof Refusal) return url
  if (!PRINTABLE_ASCII.test(url)) return malformed('the URL has a byte outside printable ASCII')
  if (url.includes('\\')) return malformed('the URL has a backslash')
  const match = PRESIGNED_URL.exec(url)
  if (match === null) return malformed('the URL is not of the form https://<STS host>/?<query>')
  const [, host = '', query = ''] = match
  passed('url')
  if (!isAllowedStsHost(host, policy)) {
    return new Refusal('wrong_host', `the host is no STS endpoint of partition ${policy.partition.id}`)
  }
  const region = regionOfStsHost(host)
  const isClosed = policy.stsRegions !== undefined && policy.stsRegions !== null
  if (isClosed && !policy.stsRegions.has(region.toLowerCase()) && region !== policy.serverRegion) {
    return new Refusal('wrong_host', `the region of ${host} is not in server.stsRegions`)
  }
  passed('host')

  const parameters = parseQuery(query)
  if (parameters instanceof Refusal) return parameters
  if (parameters.get('action') !== 'GetCallerIdentity') return malformed('Action is not GetCallerIdentity')
  const version = parameters.get('version')
  if (version !== undefined && version !== '2011-06-15') return malformed('Version is not 2011-06-15')
  passed('parameters')
  const signedHeaders = parameters.get('x-amz-signedheaders')?.toLowerCase().split(';') ?? []
  if (!signedHeaders.includes(CLUSTER_ID_HEADER)) {
    return malformed(`the client did not sign the ${CLUSTER_ID_HEADER} header: the token is bound to no cluster`)
  }
  passed('cluster_header')
  const expires = parameters.get('x-amz-expires') ?? ''
  if (!INTEGER.test(expires) || Number(expires) > MAX_EXPIRES_SECONDS) {
    return malformed(`X-Amz-Expires is no integer from 0 to ${MAX_EXPIRES_SECONDS}`)
  }
  passed('lifetime')
  const signedAt = checkSigningTime(parameters.get('x-amz-date'), policy.now)
  if (signedAt instanceof Refusal) return signedAt
  passed('clock')
  const accessKeyId = parameters.get('x-amz-credential')?.split('/')[0] ?? ''
  if (!ACCESS_KEY_ID.test(accessKeyId)) return malformed('X-Amz-Credential does not begin with an access key id')
  passed('access_key')

  return { host, region, query, accessKeyId, signedAt }
}
