import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { randomUUID } from 'node:crypto'
import type { Session } from './account.ts'

/** AWS services beside a program, over plain HTTP. */
export interface LinkLocal {
  readonly url: string
  /** The requests so far, by method and path. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

export interface LinkLocalOptions {
  /** The credentials to return. */
  readonly session: () => Session
  /** The value of the Authorization header that the container's endpoint requires. Default: none. */
  readonly authorization?: () => string
  /** The role of the instance; without it the instance has none. */
  readonly instanceRole?: string
  readonly region?: string
  /** True if it accepts connections and never answers. */
  readonly silent?: boolean
}

function document({ accessKeyId, identity }: Session): string {
  return JSON.stringify({
    Code: 'Success',
    Type: 'AWS-HMAC',
    AccessKeyId: accessKeyId,
    SecretAccessKey: identity.secretAccessKey,
    Token: identity.sessionToken,
    Expiration: `${identity.expires.toISOString().slice(0, 19)}Z`,
    LastUpdated: new Date().toISOString(),
  })
}

/**
 * Starts the credentials endpoint of a container at `/credentials`, as of ECS and EKS Pod Identity, and the metadata
 * service of an EC2 instance below `/latest`, version 2 only.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export async function startLinkLocal(options: LinkLocalOptions): Promise<LinkLocal> {
  const { session, authorization, instanceRole, region = 'eu-west-1', silent = false } = options
  const requests: string[] = []
  const metadataToken = randomUUID()
  const metadata = new Map<string, () => string>([['placement/region', () => region]])
  if (instanceRole !== undefined) {
    metadata.set('iam/security-credentials/', () => instanceRole)
    metadata.set(`iam/security-credentials/${instanceRole}`, () => document(session()))
  }

  function answer({ method = '', url = '', headers }: IncomingMessage): readonly [status: number, body: string] {
    if (url === '/credentials') {
      const allowed = authorization === undefined || headers.authorization === authorization()
      return allowed ? [200, document(session())] : [403, JSON.stringify({ Code: 'AccessDenied', Message: 'no' })]
    }
    if (method === 'PUT' && url === '/latest/api/token') {
      return 'x-aws-ec2-metadata-token-ttl-seconds' in headers ? [200, metadataToken] : [400, '']
    }
    if (headers['x-aws-ec2-metadata-token'] !== metadataToken) return [401, '']
    const text = metadata.get(url.replace('/latest/meta-data/', ''))
    return text === undefined ? [404, ''] : [200, text()]
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`)
    if (silent) return
    const [status, body] = answer(request)
    response.writeHead(status).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('the server listens on no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
