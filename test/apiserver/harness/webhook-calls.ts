import { readFileSync } from 'node:fs'
import { Agent } from 'undici'
import { parseExposition } from '../../e2e/harness/exposition.ts'
import type { Node } from './node.ts'

const CERTIFICATE = '/var/aws-iam-authenticator/cert.pem'
const LATENCY = 'aws_iam_authenticator_authenticate_latency_seconds'

/** How many TokenReviews the node's server has answered since it started, by result. */
export async function webhookCalls(node: Node): Promise<ReadonlyMap<string, number>> {
  const agent = new Agent({ connect: { ca: readFileSync(node.path(CERTIFICATE)), servername: 'localhost' } })
  try {
    const { body } = await agent.request({ origin: 'https://127.0.0.1:21362', path: '/metrics', method: 'GET' })
    const samples = parseExposition(await body.text()).get(LATENCY)?.samples ?? []
    const counts = samples.filter(({ name }) => name === `${LATENCY}_count`)
    return new Map(counts.map(({ labels, value }) => [labels.get('result') ?? '', value]))
  } finally {
    await agent.destroy()
  }
}

/** What was answered between two counts: the results that have grown, by how much. */
export function between(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const grown = [...after].map(([result, count]): [string, number] => [result, count - (before.get(result) ?? 0)])
  return Object.fromEntries(grown.filter(([, count]) => count !== 0))
}
