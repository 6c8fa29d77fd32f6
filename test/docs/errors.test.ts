import { reasons } from '@aws-iam-authenticator/core/errors/reasons'
import t from 'tap'
import { freePort, startTestServer, type LogLine, type TestServer } from '../e2e/harness/server.ts'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { presign } from '@aws-iam-authenticator/sandbox/aws/sign'
import { jwtClaims, type JwtClaims } from '@aws-iam-authenticator/sandbox/aws/jwt-claims'
import { createTokenIssuer, signJwt, type TokenIssuer } from '@aws-iam-authenticator/sandbox/aws/token-issuer'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { document, section, tableRows } from './documents.ts'

const errors = document('docs/errors.md')
const ACCOUNT = '123456789012'
const HOST = 'sts.us-west-2.amazonaws.com'
const MINUTE_MS = 60_000

function user(name: string, arn = `arn:aws:iam::${ACCOUNT}:user/${name}`): Identity {
  return { accountId: ACCOUNT, arn, userId: `AIDA${name.toUpperCase()}`, secretAccessKey: `the secret of ${name}` }
}

/** People by access key id. */
const PEOPLE: ReadonlyMap<string, Identity> = new Map([
  ['AKIAALICE', user('alice')],
  ['AKIAROOTLIKE', user('rootlike')],
  ['AKIAINSTANCE', user('instance')],
  ['AKIAGROUP', user('group', `arn:aws:iam::${ACCOUNT}:group/group`)],
])

/** Two issuers of JWTs that are trusted, of which one never answers, and one that is not trusted. */
const ISSUER = createTokenIssuer('11111111-2222-3333-4444-555555555555')
const SILENT = createTokenIssuer('22222222-2222-3333-4444-555555555555')
const STRANGER = createTokenIssuer('99999999-2222-3333-4444-555555555555')
SILENT.fault = 'reset'

const CONFIGURATION = `
clusterID: k8s.local
server:
  apiAudiences: [https://kubernetes.default.svc]
  mapRoles:
    - rolearn: arn:aws:iam::${ACCOUNT}:user/instance
      username: '{{EC2PrivateDNSName}}'
  webIdentity:
    issuers:
      - url: ${ISSUER.url}
        accounts: ['${ACCOUNT}']
      - url: ${SILENT.url}
        accounts: ['${ACCOUNT}']
  mapUsers:
    - userarn: arn:aws:iam::${ACCOUNT}:user/rootlike
      username: system:admin
  reservedPrefixConfig:
    - backendMode: MountedFile
      usernamePrefixReserveList: ['system:']
`

interface Wanted {
  readonly keyId?: string
  readonly clusterId?: string
  readonly host?: string
  readonly aheadMs?: number
}

function sign({ keyId = 'AKIAALICE', clusterId = 'k8s.local', host = HOST, aheadMs = 0 }: Wanted = {}): string {
  const secretAccessKey = PEOPLE.get(keyId)?.secretAccessKey ?? 'nobody'
  const request = {
    method: 'GET',
    host,
    path: '/',
    query: [
      ['Action', 'GetCallerIdentity'],
      ['Version', '2011-06-15'],
    ] as const,
    headers: new Map([['x-k8s-aws-id', clusterId]]),
    body: '',
  }
  const date = new Date(Date.now() + aheadMs)
  const signer = { accessKeyId: keyId, secretAccessKey, region: 'us-west-2', service: 'sts', date }
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${presign(request, signer)}`).toString('base64url')}`
}

t.test('errors.md has a section for each reason, with its status and metric', async (t) => {
  t.same(
    errors.headings.filter((heading) => /^[a-z0-9_]+$/.test(heading)),
    Object.keys(reasons),
  )
  t.same(
    tableRows(section(errors, 'Refusals')),
    Object.entries(reasons).map(([code, { status, result }]) => [`[${code}](#${code})`, String(status), result]),
  )
  for (const [code, { status }] of Object.entries(reasons)) {
    const text = section(errors, code)
    t.match(text, new RegExp(`^\\*\\*Answer:\\*\\* ${status}\\b`, 'm'), `${code} says the status`)
    t.match(text, /^\*\*Fix:\*\* /m, `${code} says what to do`)
  }
})

/** Returns the error in the example of a section, up to an ellipsis. */
function documentedError(code: string): string {
  const line = errors.blocks.find(({ heading }) => heading === code)?.text ?? ''
  const [, reason, quoted] = / reason=(\w+) error=("(?:[^"\\]|\\.)*")/.exec(line) ?? []
  if (reason !== code) throw new Error(`the example of ${code} is for ${reason ?? 'nothing'}`)
  const error: unknown = JSON.parse(quoted ?? '')
  return String(error).replace(/…$/, '')
}

type Ask = (server: TestServer, aws: SandboxAws) => Promise<{ status: number }>

const review =
  (wanted?: Wanted): Ask =>
  (server) =>
    server.review(sign(wanted))

/** Asks with a JWT once the keys of its issuer were read. */
const jwt =
  (issuer: TokenIssuer, claims: JwtClaims = {}, sign = (signed: JwtClaims) => issuer.sign(signed)): Ask =>
  async (server) => {
    await server.waitForLog(({ msg }) => msg === 'the keys of an issuer are loaded')
    await server.waitForLog(({ msg }) => msg === 'the keys of an issuer could not be read')
    const sub = `arn:aws:iam::${ACCOUNT}:role/Admin`
    const good = jwtClaims({ issuer: issuer.url, audience: 'k8s.local', sub, now: new Date() })
    return server.review(sign({ ...good, ...claims }))
  }

/** A JWT with the name of a key that the issuer does not publish. */
function signWithUnknownKey(claims: JwtClaims): string {
  const [key] = ISSUER.keys
  if (key === undefined) throw new TypeError('no key')
  return signJwt({ alg: key.algorithm, kid: 'unknown' }, claims, key.algorithm, key.privateKey)
}

const OTHER = '999999999999'

const withFault =
  (fault: Parameters<SandboxAws['faults']['set']>[0]): Ask =>
  async (server, aws) => {
    aws.faults.set(fault)
    try {
      return await server.review(sign())
    } finally {
      aws.faults.clear()
    }
  }

/** Reasons that this test does not provoke. Two of them have a test of their own below. */
const NOT_PROVOKED = ['sts_refused', 'overloaded', 'ec2_unavailable', 'backend_unavailable']

/** Requests that are refused, for each other reason. */
const PROVOCATIONS: ReadonlyMap<string, Ask> = new Map([
  ['method_not_allowed', (server) => server.request({ path: '/authenticate' })],
  ['malformed_request', (server) => server.request({ path: '/authenticate', method: 'POST', body: 'token' })],
  [
    'unsupported_audience',
    (server) => server.review(sign(), 'authentication.k8s.io/v1', { audiences: ['https://elsewhere.example'] }),
  ],
  ['malformed_token', (server) => server.review('k8s-aws-v1.not/base64url')],
  ['wrong_host', review({ host: 'sts.us-west-2.amazonaws.com.example' })],
  ['expired', review({ aheadMs: -20 * MINUTE_MS })],
  ['clock_ahead', review({ aheadMs: 20 * MINUTE_MS })],
  ['untrusted_issuer', jwt(STRANGER)],
  [
    'untrusted_account',
    jwt(ISSUER, {
      sub: `arn:aws:iam::${OTHER}:role/Admin`,
      'https://sts.amazonaws.com/': { aws_account: OTHER },
    }),
  ],
  ['wrong_audience', jwt(ISSUER, { aud: 'another.cluster' })],
  ['unknown_signing_key', jwt(ISSUER, {}, signWithUnknownKey)],
  ['keys_unavailable', jwt(SILENT)],
  ['bad_signature', review({ clusterId: 'another.cluster' })],
  ['unknown_key', review({ keyId: 'AKIANOBODY' })],
  ['sts_throttled', withFault('throttle')],
  ['sts_unreachable', withFault('error500')],
  ['sts_bad_answer', withFault('rubbish')],
  ['unsupported_identity', review({ keyId: 'AKIAGROUP' })],
  ['not_mapped', review()],
  ['template', review({ keyId: 'AKIAINSTANCE' })],
  ['reserved_username', review({ keyId: 'AKIAROOTLIKE' })],
])

/** Returns the status of the answer and its log line. */
async function refused(server: TestServer, ask: () => Promise<{ status: number }>): Promise<[number, LogLine]> {
  const before = server.log().length
  const denial = (): LogLine | undefined =>
    server
      .log()
      .slice(before)
      .find(({ msg }) => msg === 'access denied')
  const { status } = await ask()
  await server.waitForLog(() => denial() !== undefined)
  return [status, denial() ?? {}]
}

t.test('the log lines and statuses of errors.md equal those of the server', async (t) => {
  const aws = await startSandboxAws({ identities: PEOPLE, routes: [ISSUER, SILENT, STRANGER] })
  t.teardown(() => aws.close())
  for (const [code, ask] of PROVOCATIONS) {
    // Each reason gets its own server, because the log limits the lines for many refusals at once.
    const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
    const [status, line] = await refused(server, () => ask(server, aws))
    t.match(line, { level: 'warning', reason: code }, code)
    t.equal(line['error'], documentedError(code))
    t.equal(status, Object.entries(reasons).find(([reason]) => reason === code)?.[1].status, `status of ${code}`)
    await server.stop()
  }
  const untold = Object.keys(reasons).filter((code) => !PROVOCATIONS.has(code))
  t.same(untold, NOT_PROVOKED)
})

t.test('a backend that cannot load', async (t) => {
  const aws = await startSandboxAws({ identities: PEOPLE })
  t.teardown(() => aws.close())
  const kubeconfig = `${t.testdir({})}/kubeconfig`
  const nobody = `https://127.0.0.1:${await freePort()}`
  await writeKubeconfig(kubeconfig, { server: nobody, certificateAuthority: aws.ca, user: { token: 'none' } })
  const server = await startTestServer(t, { aws, args: ['--backend-mode=EKSConfigMap', `--kubeconfig=${kubeconfig}`] })
  const [status, line] = await refused(server, () => server.review(sign()))
  t.equal(status, 503)
  t.equal(line['reason'], 'backend_unavailable')
  t.ok(String(line['error']).startsWith(documentedError('backend_unavailable')), String(line['error']))
})

t.test('EC2 is not available', async (t) => {
  const aws = await startSandboxAws({ identities: PEOPLE })
  t.teardown(() => aws.close())
  const session = 'i-0123456789abcdef0'
  const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/nodes/${session}`
  aws.sts.identities.set('AKIANODE', {
    ...user('node', arn),
    userId: `AROANODES:${session}`,
    secretAccessKey: 'nobody',
  })
  const entry = `{rolearn: "arn:aws:iam::${ACCOUNT}:role/nodes", username: "system:node:{{EC2PrivateDNSName}}"}`
  const configuration = `clusterID: k8s.local\nserver:\n  mapRoles: [${entry}]\n`
  const server = await startTestServer(t, { aws, configuration, environment: { AWS_REGION: '' } })
  const [status, line] = await refused(server, () => server.review(sign({ keyId: 'AKIANODE' })))
  t.equal(status, 502)
  t.equal(line['reason'], 'ec2_unavailable')
  t.equal(line['error'], documentedError('ec2_unavailable'))
})
