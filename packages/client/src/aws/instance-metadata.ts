import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { withTimeLimit } from '@aws-iam-authenticator/network/time-limit'
import { exchange, loadHttp, MAX_HEADER_BYTES } from '@aws-iam-authenticator/network/connect/http-exchange'

/** The metadata service of an EC2 instance. */
export interface InstanceMetadata {
  /**
   * The metadata at this path below `/latest/meta-data/`.
   *
   * @throws {Error} There is no metadata service, it is disabled, or it has nothing at this path.
   */
  get(path: string): Promise<string>
}

/** Time limit for all requests together, in milliseconds. Most machines have no such service, and a user is waiting. */
const BUDGET_MS = 1000
const TOKEN_LIFETIME_SECONDS = 60

/** Maximum size of an answer, in bytes. */
const MAX_METADATA_BYTES = 64 * 1024

interface MetadataRequest {
  readonly url: URL
  readonly method: 'GET' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

function locate(environment: Environment): URL {
  const endpoint = firstSet(environment, 'AWS_EC2_METADATA_SERVICE_ENDPOINT')?.value
  if (endpoint !== undefined) return new URL(endpoint)
  const mode = firstSet(environment, 'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE')?.value.toLowerCase()
  return new URL(mode === 'ipv6' ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254')
}

// The service runs on the instance itself, so there is no proxy and no redirect, and no connection is kept.
async function send({ url, method, headers, timeoutMs }: MetadataRequest): Promise<string> {
  const { statusCode, body } = await withTimeLimit(
    timeoutMs,
    new Error(`instance metadata did not answer within ${BUDGET_MS / 1000} s`),
    (signal) => {
      const outgoing = loadHttp().request(url, { method, headers, agent: false, maxHeaderSize: MAX_HEADER_BYTES })
      return exchange(outgoing, { maxBodyBytes: MAX_METADATA_BYTES, signal })
    },
  )
  if (statusCode === 200) return body.toString()
  throw new Error(`instance metadata answered ${statusCode} to ${url.pathname}`)
}

/**
 * Creates a client of the instance metadata service, version 2 only. All its requests together take at most 1 s. After a
 * failure to get a session token it sends no more requests.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export function createInstanceMetadata(environment: Environment): InstanceMetadata {
  let budget = BUDGET_MS
  let token: Promise<string> | undefined

  async function ask(path: string, method: 'GET' | 'PUT', headers: Record<string, string>): Promise<string> {
    const start = performance.now()
    try {
      return await send({ url: new URL(path, locate(environment)), method, headers, timeoutMs: Math.max(1, budget) })
    } finally {
      budget -= performance.now() - start
    }
  }

  return {
    async get(path) {
      if (firstSet(environment, 'AWS_EC2_METADATA_DISABLED')?.value.toLowerCase() === 'true') {
        throw new Error('instance metadata is switched off by AWS_EC2_METADATA_DISABLED')
      }
      token ??= ask('/latest/api/token', 'PUT', {
        'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_LIFETIME_SECONDS),
      })
      return await ask(`/latest/meta-data/${path}`, 'GET', { 'x-aws-ec2-metadata-token': await token })
    },
  }
}
