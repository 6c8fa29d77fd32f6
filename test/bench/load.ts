import { Agent } from 'undici'

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
