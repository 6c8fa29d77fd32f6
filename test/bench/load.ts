import { Agent } from 'undici'
import { presign } from '../sandbox/aws/sign.ts'
import type { Identity } from '../sandbox/aws/account.ts'

const HOST = 'sts.us-east-1.amazonaws.com'

/** A token that no other call makes: its date is another second, or its key another key. */
export function signToken(clusterId: string, accessKeyId: string, { secretAccessKey }: Identity, date: Date): string {
  const query = presign(
    {
      method: 'GET',
      host: HOST,
      path: '/',
      query: [
        ['Action', 'GetCallerIdentity'],
        ['Version', '2011-06-15'],
      ],
      headers: new Map([['x-k8s-aws-id', clusterId]]),
      body: '',
    },
    { accessKeyId, secretAccessKey, region: 'us-east-1', service: 'sts', date },
  )
  return `k8s-aws-v1.${Buffer.from(`https://${HOST}/?${query}`).toString('base64url')}`
}

export interface LoadOptions {
  readonly port: number
  readonly certificate: string
  readonly connections: number
  readonly seconds: number
  readonly nextToken: () => string
}

/** Keeps all connections busy with TokenReviews for a time; counts the answers by status. */
export async function load(options: LoadOptions): Promise<ReadonlyMap<number, number>> {
  const { port, certificate, connections, seconds, nextToken } = options
  const agent = new Agent({ connections, connect: { ca: certificate, servername: 'localhost' } })
  const statuses = new Map<number, number>()
  const end = performance.now() + seconds * 1000
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: nextToken() } }
      const { statusCode, body } = await agent.request({
        origin: `https://127.0.0.1:${port}`,
        path: '/authenticate',
        method: 'POST',
        body: JSON.stringify(review),
      })
      await body.dump()
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  await agent.destroy()
  return statuses
}
