// Sends logins at a rate, in a process of its own: whoever measures besides must not wait for it.
import { isRecord } from '@aws-iam-authenticator/core'
import { openLoad } from '../open-load.ts'
import { quantile } from '../results.ts'
import { createTokens } from '../tokens.ts'

const { FLOOD_CERTIFICATE: certificate = '', FLOOD_PORT: port = '' } = process.env

async function flood(message: unknown): Promise<void> {
  if (!isRecord(message)) return
  const [perSecond, seconds] = [Number(message['perSecond']), Number(message['seconds'])]
  const tokens = createTokens()
  // No token twice, whoever sends beside this or has before.
  let count = Math.floor(Date.now() - Date.UTC(2026, 0)) * 1000
  const [accepted, turnedAway, others]: [number[], number[], number[]] = [[], [], []]
  const load = {
    port: Number(port),
    certificate,
    connections: 1024,
    perSecond,
    seconds,
    nextToken: (): string => tokens((count += 1)),
    answered: ({ status, milliseconds }: { readonly status: number; readonly milliseconds: number }): void =>
      void (status === 200 ? accepted : status === 429 ? turnedAway : others).push(milliseconds),
  }
  const startedAt = performance.now()
  const { failures } = await openLoad(load)
  process.send?.({
    sentSeconds: (performance.now() - startedAt) / 1000,
    accepted: accepted.length,
    acceptedP99: quantile(accepted, 0.99),
    turnedAway: turnedAway.length,
    turnedAwayMedian: quantile(turnedAway, 0.5),
    turnedAwayP99: quantile(turnedAway, 0.99),
    failed: failures - turnedAway.length,
  })
}

process.on('message', (message) => void flood(message))
process.on('disconnect', () => process.exit(0))
process.send?.({})
