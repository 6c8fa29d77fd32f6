import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import { parseToken } from '@aws-iam-authenticator/core/token/presigned-url'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { sample } from 'fast-check'
import { Agent } from 'undici'
import { faultOfAccepted } from '../conformance/token-oracle.ts'
import { tokenMutations } from '../e2e/harness/mutations.ts'
import { presignedUrl, rawParameters, tokenOfUrl, urlOf } from '../e2e/harness/presigned.ts'
import { startTestServer, type TestServer } from '../e2e/harness/server.ts'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { bodyMutations, reviewOf } from './bodies.ts'

const HOST = 'sts.us-west-2.amazonaws.com'
const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEJ7KwRh5uVZx0q3Yd2pTn8sLm4fGa6bHc1jEo9iUtWk='
const CONFIGURATION = `clusterID: k8s.local\nserver:\n  mapUsers:\n    - userARN: ${USER.arn}\n      username: alice\n`
const CONNECTIONS = 16
const BATCH = 5_000
/** Shorter pieces of a token occur in any text. */
const PIECE = 16
/** The statuses that garbage may get. */
const STATUSES: ReadonlySet<number> = new Set([200, 400, 413, 429, 502, 503])

/** The results of a fuzz run. */
export interface FuzzReport {
  readonly seed: number
  readonly tokens: number
  readonly bodies: number
  /** Answers of the webhook by their HTTP status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Accepted tokens that have the meaning of the valid one in another spelling. */
  readonly otherSpellings: number
  /** The number of log lines that were searched for pieces of tokens. */
  readonly logLines: number
  /** Violations. They quote no token. */
  readonly faults: readonly string[]
}

export interface FuzzOptions {
  readonly count: number
  readonly seed: number
  /** Called after each batch with the number of inputs so far. */
  readonly progress?: (done: number) => void
}

/** An input, and the URL whose meaning an accepted input must have; null if it must be refused. */
interface Input {
  readonly body: string
  readonly token: string | null
  readonly like: string | null
}

function sign(clusterId: string): string {
  // 90 s ago, so that a run of 10 minutes sees no token expire.
  const date = new Date(Math.floor(Date.now() / 1000) * 1000 - 90_000)
  const { secretAccessKey } = USER
  const identity = { accessKeyId: USER_KEY_ID, secretAccessKey, sessionToken: SESSION_TOKEN }
  return presignedUrl({ host: HOST, region: 'us-west-2', clusterId, date, ...identity })
}

/** The meaning of a URL for STS, in any spelling. */
function meaning(url: string): string {
  const { protocol, host, pathname, searchParams } = new URL(url)
  return JSON.stringify([protocol, host, pathname, [...searchParams].map((pair) => pair.join('=')).sort()])
}

/** A batch of inputs: half are made from a valid token, half from one for another cluster, which STS refuses. */
function inputs(seed: number, size: number): readonly Input[] {
  const [good, foreign] = [sign('k8s.local'), sign('other.local')]
  const quarter = Math.ceil(size / 4)
  const ofToken = (url: string, offset: number): readonly Input[] =>
    sample(tokenMutations(url), { numRuns: quarter, seed: seed + offset }).map((token) => {
      return { body: reviewOf(token), token, like: url === good ? good : null }
    })
  const bodies = sample(bodyMutations(tokenOfUrl(foreign)), { numRuns: 2 * quarter, seed: seed + 2 })
  return [
    ...ofToken(good, 0),
    ...ofToken(foreign, 1),
    ...bodies.map((body) => ({ body, token: null, like: null })),
  ].slice(0, size)
}

/** The parser's result for a token that it should reject; null if it is correct. */
function faultOfParser(token: string): string | null {
  const partition = findPartition('aws')
  if (partition === undefined) return 'no partition'
  const now = new Date()
  try {
    const parsed = parseToken(token, { partition, serverRegion: null, now })
    return parsed instanceof Refusal ? null : faultOfAccepted(token, parsed, now)
  } catch (error) {
    return `it threw ${error instanceof Error ? error.name : 'something'}`
  }
}

function* piecesOf(text: string): Iterable<string> {
  for (let start = 0; start + PIECE <= text.length; start += 1) yield text.slice(start, start + PIECE)
}

/** The pieces that no log may contain. Every mutation keeps many pieces of its token. */
function secretPieces(urls: readonly string[]): ReadonlySet<string> {
  const texts = urls.flatMap((url) => {
    const parameters = rawParameters(url)
    const secrets = ['X-Amz-Signature', 'X-Amz-Security-Token'].map((name) => parameters.get(name) ?? '')
    return [tokenOfUrl(url).slice('k8s-aws-v1.'.length), ...secrets, ...secrets.map(decodeURIComponent)]
  })
  return new Set([...texts, SESSION_TOKEN, USER.secretAccessKey].flatMap((text) => Array.from(piecesOf(text))))
}

async function post(agent: Agent, port: number, body: string): Promise<{ status: number; text: string }> {
  const answer = await agent.request({
    origin: `https://127.0.0.1:${port}`,
    path: '/authenticate',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { status: answer.statusCode, text: await answer.body.text() }
}

/** Sends all inputs to the server, and adds violations to `faults`. */
async function send(
  all: readonly Input[],
  server: TestServer,
  agent: Agent,
  count: { statuses: Map<number, number>; otherSpellings: number; faults: string[] },
  where: string,
): Promise<void> {
  const queue = all.entries()
  const one = async ([index, { body, token, like }]: readonly [number, Input]): Promise<void> => {
    const place = `${where}, input ${index}`
    const fault = token === null ? null : faultOfParser(token)
    if (fault !== null) count.faults.push(`${place}: the parser took a token it should not have: ${fault}`)
    const { status, text } = await post(agent, server.port, body)
    count.statuses.set(status, (count.statuses.get(status) ?? 0) + 1)
    if (!STATUSES.has(status)) count.faults.push(`${place}: status ${status}`)
    if (!text.includes('"authenticated":true')) return
    if (token !== null && like !== null && meaning(urlOf(token)) === meaning(like)) count.otherSpellings += 1
    else count.faults.push(`${place}: let in`)
  }
  const worker = async (): Promise<void> => {
    for (const entry of queue) await one(entry)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
}

/**
 * Sends mutations of tokens and of TokenReviews to a running server of the built command, over TLS, and compares each
 * outcome with a second description of the rules. The same seed makes the same edits, of newly signed tokens.
 */
export async function fuzz({ count, seed, progress }: FuzzOptions): Promise<FuzzReport> {
  const cleanUps: (() => unknown)[] = []
  const scope = { teardown: (action: () => unknown): void => void cleanUps.unshift(action) }
  const found = { statuses: new Map<number, number>(), otherSpellings: 0, faults: new Array<string>() }
  let [done, tokens, logLines] = [0, 0, 0]
  try {
    const identity: Identity = { ...USER, sessionToken: SESSION_TOKEN }
    const aws = await startSandboxAws({ identities: new Map([[USER_KEY_ID, identity]]) })
    scope.teardown(() => aws.close())
    const server = await startTestServer(scope, { aws, configuration: CONFIGURATION })
    const connect = { ca: server.certificate, servername: 'localhost' }
    const agent = new Agent({ connect, connections: CONNECTIONS, allowH2: false })
    scope.teardown(() => agent.destroy())
    let read = 0
    while (done < count) {
      const batch = inputs(seed + done, Math.min(BATCH, count - done))
      const urls = [sign('k8s.local'), sign('other.local'), ...batch.flatMap(({ like }) => like ?? []).slice(0, 1)]
      await send(batch, server, agent, found, `seed ${seed + done}`)
      done += batch.length
      tokens += batch.filter(({ token }) => token !== null).length
      const lines = server.output().slice(read)
      read += lines.length
      logLines += lines.split('\n').length - 1
      const secrets = secretPieces(urls)
      for (const line of lines.split('\n')) {
        if ([...piecesOf(line)].some((piece) => secrets.has(piece))) {
          found.faults.push(`seed ${seed + done - batch.length}: a log line holds a piece of a token`)
        }
      }
      progress?.(done)
    }
    const well = await server.review(tokenOfUrl(sign('k8s.local')))
    if (!well.text.includes('"authenticated":true')) found.faults.push('a good token was refused afterwards')
    const { code } = await server.stop()
    if (code !== 0) found.faults.push(`the server ended with code ${code ?? 'none'}`)
  } finally {
    for (const action of cleanUps) await action()
  }
  const { otherSpellings, faults } = found
  const statuses = Object.fromEntries(found.statuses)
  return { seed, tokens, bodies: done - tokens, statuses, otherSpellings, logLines, faults }
}
