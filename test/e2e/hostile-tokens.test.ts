import { readFileSync } from 'node:fs'
import { sample } from 'fast-check'
import t, { type Test } from 'tap'
import { Agent } from 'undici'
import { hostileTokens, type GoodToken } from '../conformance/hostile-tokens.ts'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { tokenMutations } from './harness/mutations.ts'
import { presignedUrl, rawParameters, tokenOfUrl, urlOf } from './harness/presigned.ts'
import { startTestServer, type TestServer } from './harness/server.ts'

const HOST = 'sts.us-west-2.amazonaws.com'
const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEJ7KwRh5uVZx0q3Yd2pTn8sLm4fGa6bHc1jEo9iUtWk='
const IDENTITY: Identity = { ...USER, sessionToken: SESSION_TOKEN }
const CONFIGURATION = `clusterID: k8s.local\nserver:\n  mapUsers:\n    - userARN: ${USER.arn}\n      username: alice\n`
const MUTATIONS = 10_000
const CONNECTIONS = 16
const MAX_BODY_BYTES = 1024 * 1024
/** Shorter pieces of a token occur in any text. */
const PIECE = 16

function goodToken(): GoodToken {
  const date = new Date(Math.floor(Date.now() / 1000) * 1000 - 90_000)
  const url = presignedUrl({
    host: HOST,
    region: 'us-west-2',
    clusterId: 'k8s.local',
    accessKeyId: USER_KEY_ID,
    secretAccessKey: USER.secretAccessKey,
    sessionToken: SESSION_TOKEN,
    date,
  })
  return { url, host: HOST, query: url.slice(url.indexOf('?') + 1), signedAt: date }
}

async function start(t: Test): Promise<{ readonly aws: SandboxAws; readonly server: TestServer }> {
  const aws = await startSandboxAws({ identities: new Map([[USER_KEY_ID, IDENTITY]]) })
  t.teardown(() => aws.close())
  return { aws, server: await startTestServer(t, { aws, configuration: CONFIGURATION }) }
}

function* piecesOf(text: string): Iterable<string> {
  for (let start = 0; start + PIECE <= text.length; start += 1) yield text.slice(start, start + PIECE)
}

/** The pieces that no log may contain: the tokens, and the secret parameters of the valid one. */
function secretPieces({ url }: GoodToken, tokens: readonly string[]): ReadonlySet<string> {
  const parameters = rawParameters(url)
  const secrets = ['X-Amz-Signature', 'X-Amz-Security-Token'].map((name) => parameters.get(name) ?? '')
  // Tokens with words in plain text consist of text that logs may contain, so their secrets are searched for instead.
  const bodies = tokens
    .map((token) => token.slice('k8s-aws-v1.'.length))
    .filter((body) => /^[\w-]{1,20000}$/.test(body))
  const texts = [SESSION_TOKEN, USER.secretAccessKey, ...secrets, ...secrets.map(decodeURIComponent), ...bodies]
  return new Set(texts.flatMap((text) => Array.from(piecesOf(text))))
}

function leaks(log: string, secrets: ReadonlySet<string>): readonly string[] {
  return [...piecesOf(log)].filter((piece) => secrets.has(piece))
}

/** The meaning of a URL for STS, in any spelling. */
function meaning(url: string): string {
  const { protocol, host, pathname, searchParams } = new URL(url)
  return JSON.stringify([protocol, host, pathname, [...searchParams].map((pair) => pair.join('=')).sort()])
}

function residentMebibytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

/** The number of occurrences of each reason: the log has no line for each refusal of a flood. */
async function refusalsByReason(server: TestServer): Promise<ReadonlyMap<string, number>> {
  const { text } = await server.request({ path: '/metrics' })
  const counts = text.matchAll(/^aws_iam_authenticator_refusals_total\{reason="(\w+)"\} (\d+)$/gm)
  return new Map([...counts].map(([, reason = '', count]) => [reason, Number(count)]))
}

t.test('every hostile token is refused for its reason, and only well-formed ones reach STS', async (t) => {
  const { aws, server } = await start(t)
  const good = goodToken()
  const tokens: string[] = []
  for (const row of hostileTokens) {
    const token = row.make(good)
    tokens.push(token)
    const asked = aws.sts.requests.length
    const before = await refusalsByReason(server)
    const answer = await server.review(token)
    if ('passesToSts' in row) {
      t.match(answer.status, /^(?:200|502)$/, row.name)
      // Like any Node.js server, the sandbox rejects request lines of 16 KiB.
      if (token.length < 12_000) t.equal(aws.sts.requests.length, asked + 1, row.name)
      continue
    }
    t.equal(answer.status, token.length >= MAX_BODY_BYTES ? 413 : 200, row.name)
    if (answer.status === 200) {
      t.match(answer.json, { kind: 'TokenReview', status: { authenticated: false, error: undefined } }, row.name)
    }
    t.equal(aws.sts.requests.length, asked, row.name)
    const reason = token.length >= MAX_BODY_BYTES ? 'malformed_request' : row.reason
    const after = await refusalsByReason(server)
    const grown = [...after].filter(([name, count]) => count !== before.get(name))
    t.same(grown, [[reason, (before.get(reason) ?? 0) + 1]], row.name)
  }
  // The server's own region has connections opened ahead.
  t.ok(
    aws.proxyRequests.every(({ host }) => host === HOST || host === 'sts.us-east-1.amazonaws.com'),
    'no other host was reached',
  )

  const unvouched = server.log().filter(({ msg, arn }) => msg === 'access denied' && arn === undefined)
  t.notOk(JSON.stringify(unvouched).includes(USER_KEY_ID), 'a key that STS has not vouched for is not named')
  t.same(leaks(server.output(), secretPieces(good, tokens)), [])
})

t.test('no mutation of a valid token is accepted with another meaning', async (t) => {
  const { server } = await start(t)
  const good = goodToken()
  const token = tokenOfUrl(good.url)
  t.match((await server.review(token)).json, { status: { authenticated: true } }, 'the good token is good')
  const mutations = sample(tokenMutations(good.url), { numRuns: MUTATIONS, seed: 20_260_301 })
  const agent = new Agent({
    connect: { ca: server.certificate, servername: 'localhost' },
    connections: CONNECTIONS,
    allowH2: false,
  })
  t.teardown(() => agent.destroy())
  const memoryBefore = residentMebibytes(server.pid)
  const wrong: string[] = []
  let letIn = 0
  const send = async (mutated: string): Promise<void> => {
    const { statusCode, body } = await agent.request({
      origin: `https://127.0.0.1:${server.port}`,
      path: '/authenticate',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', spec: { token: mutated } }),
    })
    const text = await body.text()
    if (statusCode !== 200) wrong.push(`${statusCode} for ${JSON.stringify(mutated)}`)
    if (!text.includes('"authenticated":true')) return
    letIn += 1
    if (meaning(urlOf(mutated)) !== meaning(good.url)) wrong.push(urlOf(mutated))
  }
  const queue = mutations.values()
  const worker = async (): Promise<void> => {
    for (const mutated of queue) await send(mutated)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  t.same(wrong, [])
  t.comment(`${letIn} of ${MUTATIONS} say the same in another spelling`)
  const grown = residentMebibytes(server.pid) - memoryBefore
  t.ok(grown < 200, `the server grew by ${Math.round(grown)} MiB`)
  t.match((await server.review(token)).json, { status: { authenticated: true } }, 'the server is well')
  await server.waitForLog(({ msg }) => msg === 'access granted')
  t.same(leaks(server.output(), secretPieces(good, [token, ...mutations.slice(0, 200)])), [])
})
