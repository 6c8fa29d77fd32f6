import { CLUSTER_ID_HEADER } from '@aws-iam-authenticator/core/token/presigned-url'
import type { StsEndpoint } from '@aws-iam-authenticator/core/aws/sts-endpoint'
import { SignatureV4 } from '@aws-sdk/signature-v4'
import type { Credentials } from '../aws/credentials.ts'
import { percentEncode } from '../aws/percent-encode.ts'
import { Sha256 } from '../aws/sha256.ts'

// STS accepts the URL for 15 minutes whatever this value is. Servers reject more than 900.
const EXPIRES_SECONDS = 60

const SIGNATURE = 'X-Amz-Signature'

interface PresignOptions {
  /** The cluster that the URL is bound to: the value of the signed header `x-k8s-aws-id`. */
  readonly clusterId: string
  readonly credentials: Pick<Credentials, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>
  readonly endpoint: StsEndpoint
  /** The time of signing, with a precision of seconds. */
  readonly now: Date
}

/**
 * Presigns a request to STS GetCallerIdentity that is bound to one cluster.
 *
 * For 15 minutes, the URL proves to that cluster the identity of its holder. It grants nothing else.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html query parameters
 */
export async function presignCallerIdentity({
  clusterId,
  credentials,
  endpoint,
  now,
}: PresignOptions): Promise<string> {
  const signer = new SignatureV4({ service: 'sts', region: endpoint.signingRegion, credentials, sha256: Sha256 })
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: endpoint.host,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: endpoint.host, [CLUSTER_ID_HEADER]: clusterId },
    },
    { expiresIn: EXPIRES_SECONDS, signingDate: now },
  )
  const { [SIGNATURE]: signature, ...signed } = query
  const parameters = Object.entries(signed).sort(([a], [b]) => (a < b ? -1 : 1))
  return `https://${endpoint.host}/?${[...parameters, [SIGNATURE, signature] as const]
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(String(value))}`)
    .join('&')}`
}
