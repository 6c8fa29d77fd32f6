import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startConnectProxy } from '@aws-iam-authenticator/sandbox/proxy/connect-proxy'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { temporaryFolder, type Environment } from './harness/command.ts'
import { ENDLESS_AND_SLOW, FLOODS, GOOD, redirectsTo, WRONG, type Answer } from './harness/hostile-answers.ts'
import {
  failed,
  MORE_MIB,
  measureToken,
  startHostileServer,
  startHostileTlsServer,
  type HostileServer,
} from './harness/hostile-server.ts'
import { personEnvironment } from './harness/person.ts'

const HOST = 'sts.eu-west-1.amazonaws.com'
const ROLE = ['-r', ROLE_ARN]

/** Time for a call, and for a start of the command on a busy machine, in seconds. */
const CALL_SECONDS = 10 + 8

/** Time for a call that fails at once and may be retried twice, in seconds. */
const FAST_SECONDS = 8

/** Most data that a server can send to a client that has stopped reading, in MiB: the limit of each of three calls, and kernel buffers. */
const SENT_MIB = 24

const authority = createAuthority()

/** The routes to STS. */
const WAYS = ['directly', 'through a proxy'] as const

interface Person {
  readonly server: HostileServer
  readonly environment: Environment
}

async function personBefore(t: Test, way: (typeof WAYS)[number], answer: Answer): Promise<Person> {
  const server = await startHostileTlsServer(t, answer, (host) => authority.secureContext(host))
  const folder = temporaryFolder(t)
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, authority.pem)
  const common = { AWS_REGION: 'eu-west-1', SSL_CERT_FILE: ca }
  if (way === 'directly') {
    const direct = { AWS_ENDPOINT_URL_STS: `https://localhost:${server.port}` }
    return { server, environment: personEnvironment(folder, common, direct) }
  }
  const proxy = await startConnectProxy({ route: () => server.port })
  t.teardown(() => proxy.close())
  return { server, environment: personEnvironment(folder, common, { HTTPS_PROXY: proxy.url }) }
}

for (const way of WAYS) {
  t.test(`${way}: answers within the limits are accepted, and bad ones fail in time and within memory`, async (t) => {
    let goodMib = 0
    for (const [name, answer] of GOOD) {
      const { environment } = await personBefore(t, way, answer)
      const run = await measureToken(ROLE, environment)
      t.match(run, { code: 0, stdout: /^k8s-aws-v1\./, stderr: '' }, name)
      if (name === 'plain') goodMib = run.peakMib
    }
    const mib = goodMib === 0 ? Infinity : goodMib + MORE_MIB
    const sending = [...FLOODS, ...WRONG]
    for (const [name, answer] of sending) {
      const { environment, server } = await personBefore(t, way, answer)
      failed(t, name, await measureToken(ROLE, environment), { seconds: FAST_SECONDS, mib })
      t.ok(server.sent < SENT_MIB * 1024 * 1024, `${name}: ${server.sent} bytes were sent`)
      t.ok(server.connections <= 3, `${name}: ${server.connections} connections`)
    }
    const waiting = [...ENDLESS_AND_SLOW].map(async ([name, answer]) => {
      const { environment } = await personBefore(t, way, answer)
      const run = await measureToken(ROLE, environment)
      failed(t, name, run, { seconds: CALL_SECONDS, mib })
      t.match(run.stderr, /no answer within 10 s/, name)
    })
    await Promise.all(waiting)
  })

  t.test(`${way}: a redirect is not followed`, async (t) => {
    const other = await startHostileServer(t, () => undefined)
    const { environment, server } = await personBefore(t, way, redirectsTo(`http://127.0.0.1:${other.port}/`))
    failed(t, 'redirect', await measureToken(ROLE, environment), { seconds: FAST_SECONDS, mib: Infinity })
    t.equal(server.connections, 1)
    t.equal(other.connections, 0)
  })

  t.test(`${way}: a wrong certificate is rejected before anything is sent`, async (t) => {
    const rows = [
      ['another name', 'ERR_TLS_CERT_ALTNAME_INVALID', () => authority.secureContext(`${HOST}.evil.example`)],
      ['expired', 'CERT_HAS_EXPIRED', (host: string) => authority.expiredContext(host)],
      [
        'an unknown authority',
        /UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
        (host: string) => createAuthority().secureContext(host),
      ],
    ] as const
    for (const [name, code, contextFor] of rows) {
      const { environment } = await personBefore(t, way, () => undefined)
      let requests = 0
      const server = await startHostileTlsServer(t, () => void (requests += 1), contextFor)
      const proxy = await startConnectProxy({ route: () => server.port })
      t.teardown(() => proxy.close())
      const lead: Environment =
        way === 'directly' ? { AWS_ENDPOINT_URL_STS: `https://localhost:${server.port}` } : { HTTPS_PROXY: proxy.url }
      const run = await measureToken(ROLE, { ...environment, ...lead })
      failed(t, name, run, { seconds: FAST_SECONDS, mib: Infinity })
      t.match(run.stderr, /is not trusted|has expired/, name)
      t.match(run.stderr, code, name)
      t.equal(requests, 0, name)
      t.ok(server.connections <= 1, name)
    }
  })
}
