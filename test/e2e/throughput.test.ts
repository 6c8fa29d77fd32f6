import t, { type Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { valueAt } from './harness/logins.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { addIdentity, startAws, signToken, USER_CONFIGURATION, userToken } from './harness/webhook.ts'
import { http1, http2, type WireAnswer, type WireClient } from './harness/wire.ts'

const V1BETA1 = 'authentication.k8s.io/v1beta1'
const ACCOUNT_CONFIGURATION = 'clusterID: k8s.local\nserver:\n  mapAccounts: ["111122223333"]\n'

/** One client that sends everything at once, as kube-apiserver does over HTTP/2, or many with one connection each. */
const PROTOCOLS = [
  ['HTTP/2', 1],
  ['HTTP/1.1', 200],
] as const

/** Connected clients. */
async function connect(t: Test, server: TestServer, protocol: string, count: number): Promise<readonly WireClient[]> {
  const clients = Array.from({ length: count }, () => (protocol === 'HTTP/2' ? http2(server) : http1(server)))
  for (const client of clients) t.teardown(() => client.close())
  await Promise.all(clients.map((client) => client.send({ method: 'GET', path: '/healthz' })))
  return clients
}

/** Sends all tokens at once, distributed among the clients. */
function review(clients: readonly WireClient[], tokens: readonly string[]): Promise<readonly WireAnswer[]> {
  const sent = tokens.map((token, index) => {
    const client = clients[index % clients.length]
    if (client === undefined) throw new TypeError('no client')
    const body = JSON.stringify({ apiVersion: V1BETA1, kind: 'TokenReview', spec: { token } })
    return client.send({ body, headers: { 'content-type': 'application/json' } })
  })
  return Promise.all(sent)
}

function username({ text }: WireAnswer): unknown {
  return valueAt(JSON.parse(text), 'status', 'user', 'username')
}

for (const [protocol, connections] of PROTOCOLS) {
  t.test(`200 concurrent equal tokens cost at most two STS calls, over ${protocol}`, async (t) => {
    const aws = await startAws(t)
    const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
    const clients = await connect(t, server, protocol, connections)
    aws.sts.delay = 500
    const token = userToken()
    const answers = await review(clients, Array<string>(200).fill(token))
    t.same([...new Set(answers.map(({ status }) => status))], [200])
    t.same([...new Set(answers.map(username))], ['alice'])
    t.ok(aws.sts.requests.length <= 2, `${aws.sts.requests.length} calls`)
  })

  t.test(`100 different tokens at once are answered, many calls of STS at a time, over ${protocol}`, async (t) => {
    const aws = await startAws(t)
    const server = await startTestServer(t, { aws, configuration: ACCOUNT_CONFIGURATION })
    const clients = await connect(t, server, protocol, connections)
    const people = Array.from({ length: 100 }, (_, number) => {
      const arn = `arn:aws:iam::111122223333:user/person-${number}`
      return { arn, token: signToken(...addIdentity(aws, { ...USER, arn, userId: `AIDA${number}` })) }
    })
    aws.sts.delay = 100
    const answers = await review(
      clients,
      people.map(({ token }) => token),
    )
    t.ok(aws.sts.peakInFlight > 10, `${aws.sts.peakInFlight} calls at once`)
    const arns = people.map(({ arn }) => arn)
    t.same(answers.map(username), arns, 'everyone got their own answer')
    t.equal(aws.sts.requests.length, people.length)
  })
}
