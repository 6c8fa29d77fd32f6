import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { hostileJwts } from '@aws-iam-authenticator/sandbox/aws/hostile-jwts'
import { runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { ADMIN, jwtConfiguration, startJwtSandbox, type JwtSandbox } from '../e2e/harness/jwt.ts'
import { startTestServer, type TestServer } from '../e2e/harness/server.ts'
import { CLUSTER_ID, userToken } from '../e2e/harness/webhook.ts'
import { startApiServer, type ApiServer } from './harness/api-server.ts'
import { serveDiscovery } from './harness/discovery.ts'

/** The server fetches keys at most every 10 s. */
const ROTATION_MS = 15_000
const START_MS = 30_000
const REFUSED = 'status 401'

const sandbox = await startJwtSandbox(t)
const { issuer } = sandbox
const configuration = `${jwtConfiguration(issuer)}  mapUsers:\n    - userarn: ${USER.arn}\n      username: alice\n`

/** An authenticator that is its own process, and knows the keys of the issuer. */
async function startAuthenticator(t: Pick<Test, 'teardown'>, { aws }: JwtSandbox): Promise<TestServer> {
  const server = await startTestServer(t, { aws, configuration })
  await server.waitForLog(({ msg }) => msg === 'the keys of an issuer are loaded')
  return server
}

/**
 * JWTs that kube-apiserver accepts by its own rules and the server refuses. The issuer's own key has signed each of them, in a form that AWS never
 * makes, so nobody else can make them.
 */
const SIGNED_BY_THE_ISSUER = new Set([
  'signed in the future',
  'audience beside ten others',
  'RS384',
  'right signature with jku',
  'compressed (zip)',
  'no kid',
  'empty kid',
  'sub twice, once escaped',
  'aws_account twice',
  'huge',
])

/** Asks the API server about each hostile JWT. */
async function refusesHostile(t: Test, api: ApiServer, accepted: ReadonlySet<string> = new Set()): Promise<void> {
  const { stranger } = sandbox
  const hostile = hostileJwts({ issuer, stranger, audience: CLUSTER_ID, sub: ADMIN, now: new Date() })
  for (const { name, token } of hostile) {
    // Line breaks and the like can't be sent in a header.
    if (!/^[!-~]+$/.test(token) || accepted.has(name)) continue
    t.equal(await api.whoIs(token), REFUSED, name)
    t.notOk(api.log().includes(token), `${name}: not in the log`)
  }
}

t.test('through the webhook, with STS down from the start to the end', async (t) => {
  sandbox.aws.faults.set('error500')
  t.teardown(() => sandbox.aws.faults.clear())
  const server = await startAuthenticator(t, sandbox)
  const api = await startApiServer(t, { webhookKubeconfig: server.kubeconfig })
  t.equal(await api.whoIs(sandbox.sign()), 'admin')
  const folder = temporaryFolder(t)
  const kubeconfig = await api.writeKubeconfig(folder, { token: sandbox.sign(ADMIN, { source_identity: 'alice' }) })
  const { stdout } = await api.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig })
  t.match(JSON.parse(stdout), {
    status: {
      userInfo: {
        username: 'admin',
        groups: ['system:masters', 'system:authenticated'],
        extra: { 'aws-iam-authenticator/arn': [ADMIN], 'aws-iam-authenticator/source-identity': ['alice'] },
      },
    },
  })
  await refusesHostile(t, api)
  issuer.rotate()
  await eventually(t, 'the new key logs in', 'admin', ROTATION_MS, () => api.whoIs(sandbox.sign()))
  issuer.fault = 'reset'
  t.teardown(() => (issuer.fault = undefined))
  t.equal(await api.whoIs(sandbox.sign()), 'admin', 'the issuer can not be reached')
  t.equal(sandbox.aws.sts.requests.filter(({ action }) => action === 'GetCallerIdentity').length, 0)
})

t.test('by the API server itself, with the webhook beside it for presigned tokens', async (t) => {
  issuer.fault = undefined
  const server = await startAuthenticator(t, sandbox)
  const folder = temporaryFolder(t)
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const discovery = await serveDiscovery(t, issuer)
  const { stdout, stderr } = await runCommand(
    [
      'authentication-config',
      `--config=${file('config.yaml', configuration)}`,
      `--discovery-url=${discovery.url}`,
      `--certificate-authority=${file('ca.pem', discovery.ca)}`,
    ],
    {},
  )
  t.match(stdout, /AuthenticationConfiguration/, stderr)
  const flags = [`--authentication-config=${file('authentication.yaml', stdout)}`]
  const api = await startApiServer(t, { webhookKubeconfig: server.kubeconfig, flags })
  await eventually(t, 'a JWT', 'admin', START_MS, () => api.whoIs(sandbox.sign()))
  t.equal(await api.whoIs(userToken()), 'alice', 'a presigned token')
  await refusesHostile(t, api, SIGNED_BY_THE_ISSUER)
  await server.stop()
  t.equal(await api.whoIs(sandbox.sign()), 'admin', 'without the authenticator')
  t.equal(await api.whoIs(userToken({ region: 'us-west-2' })), REFUSED, 'a presigned token needs it')
})
