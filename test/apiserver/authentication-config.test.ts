import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { jwtClaims } from '@aws-iam-authenticator/sandbox/aws/jwt-claims'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createTokenIssuer } from '@aws-iam-authenticator/sandbox/aws/token-issuer'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { valueAt } from '../e2e/harness/logins.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { CLUSTER_ID, userOf } from '../e2e/harness/webhook.ts'
import { startApiServer } from './harness/api-server.ts'
import { serveDiscovery } from './harness/discovery.ts'
import { configurationOf, DYNAMIC_FILE, JWT_CASES, type JwtCase } from './harness/jwt-cases.ts'

/** kube-apiserver reads the file again within this time. */
const RELOAD_MS = 90_000
const START_MS = 30_000
const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id'
const ROLES = 500

const folder = temporaryFolder(t)
const first = createTokenIssuer('11111111-2222-3333-4444-555555555555')
const second = createTokenIssuer('22222222-2222-3333-4444-555555555555')
const issuers = [
  { url: first.url, accounts: ['111122223333', '444455556666', '777788889999'] },
  { url: second.url, accounts: ['222233334444'] },
]
const dynamicFile = join(folder, 'dynamic.json')
const config = join(folder, 'config.yaml')
const output = join(folder, 'authentication-config.yaml')
const discoveries = { first: await serveDiscovery(t, first), second: await serveDiscovery(t, second) }
writeFileSync(dynamicFile, DYNAMIC_FILE)
writeFileSync(config, configurationOf(CLUSTER_ID, issuers, dynamicFile))

/** The AuthenticationConfiguration of each issuer as the command prints it, in one. The issuers differ in the address of their keys. */
async function generate(...more: readonly string[]): Promise<string> {
  const parts = []
  for (const [issuer, { url, ca }] of [
    [first, discoveries.first],
    [second, discoveries.second],
  ] as const) {
    writeFileSync(join(folder, 'ca.pem'), ca)
    const flags = [
      `--issuer=${issuer.url}`,
      `--discovery-url=${url}`,
      `--certificate-authority=${join(folder, 'ca.pem')}`,
    ]
    const args = ['authentication-config', '-c', config, '--skip-unsupported', ...flags, ...more]
    const { code, stdout, stderr } = await runCommand(args, {})
    if (code !== 0) throw new Error(stderr)
    parts.push(stdout)
  }
  const [head = '', ...rest] = parts
  return head + rest.map((part) => part.slice(part.indexOf('jwt:\n') + 'jwt:\n'.length)).join('')
}

function replace(text: string): void {
  writeFileSync(`${output}.new`, text)
  renameSync(`${output}.new`, output)
}

function sign({ sub, aws = {}, claims = {}, issuer }: Pick<JwtCase, 'sub' | 'aws' | 'claims' | 'issuer'>): string {
  const signer = issuer === 'second' ? second : first
  const made = jwtClaims({ issuer: signer.url, audience: CLUSTER_ID, sub, now: new Date(), aws })
  return signer.sign({ ...made, ...claims })
}

replace(await generate())
const api = await startApiServer(t, { flags: [`--authentication-config=${output}`] })

/** The user by `kubectl auth whoami`, without what kube-apiserver adds to every user; null if it is refused. */
async function whoAmI(token: string): Promise<unknown> {
  const kubeconfig = await api.writeKubeconfig(folder, { token })
  const { code, stdout, stderr } = await api.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig })
  if (code !== 0) {
    if (!stderr.includes('must be logged in')) throw new Error(stderr)
    return null
  }
  const user = valueAt(JSON.parse(stdout), 'status', 'userInfo')
  const [groups, extra] = [valueAt(user, 'groups'), valueAt(user, 'extra')]
  if (!isRecord(user) || !Array.isArray(groups)) throw new TypeError(stdout)
  const { [CREDENTIAL_ID]: _, ...others } = isRecord(extra) ? extra : {}
  return { ...user, groups: groups.filter((group) => group !== 'system:authenticated'), extra: others }
}

/** The same form for the answer of the webhook, which leaves out what is empty. */
function complete(user: unknown): unknown {
  return isRecord(user) && 'username' in user ? { groups: [], extra: {}, ...user } : null
}

t.test('kube-apiserver fetches the keys of both issuers', async (t) => {
  const first = { sub: 'arn:aws:iam::111122223333:role/Admin' }
  await eventually(t, 'the first one', 'admin', START_MS, () => api.whoIs(sign(first)))
  const second = { sub: 'arn:aws:iam::222233334444:role/Admin', issuer: 'second' } as const
  await eventually(t, 'the second one', 'other-admin', START_MS, () => api.whoIs(sign(second)))
})

t.test('kube-apiserver gives each JWT the user that the webhook gives it', async (t) => {
  const aws = await startSandboxAws({ routes: [first, second] })
  t.teardown(() => aws.close())
  const server = await startTestServer(t, { aws, configuration: configurationOf(CLUSTER_ID, issuers, dynamicFile) })
  const loaded = (): number => server.log().filter(({ msg }) => msg === 'the keys of an issuer are loaded').length
  await eventually(t, 'the server knows the keys', 2, START_MS, loaded)
  for (const login of JWT_CASES) {
    const token = sign(login)
    const byWebhook = complete(userOf(await server.review(token, 'authentication.k8s.io/v1')))
    const user = await whoAmI(token)
    t.strictSame(user, byWebhook, login.name)
    t.equal(user === null ? null : valueAt(user, 'username'), login.username, `${login.name}: the username`)
  }
})

t.test('keys rotate', async (t) => {
  first.rotate()
  const sub = 'arn:aws:iam::111122223333:role/Dev'
  t.equal(await api.whoIs(sign({ sub })), 'dev')
  t.equal(
    await api.whoIs(first.sign(jwtClaims({ issuer: first.url, audience: CLUSTER_ID, sub, now: new Date() }), 'RS256')),
    'dev',
  )
  const stranger = createTokenIssuer('11111111-2222-3333-4444-555555555555')
  t.equal(
    await api.whoIs(stranger.sign(jwtClaims({ issuer: first.url, audience: CLUSTER_ID, sub, now: new Date() }))),
    'status 401',
  )
})

function arn(number: number): string {
  return `arn:aws:iam::111122223333:role/platform-team-${number}-developers`
}

t.test('the file is read again: 500 roles', async (t) => {
  const mapRoles = Array.from({ length: ROLES }, (_, number) => ({
    rolearn: arn(number),
    username: `team-${number}:{{SourceIdentity}}`,
    groups: [`platform-team-${number}`, 'developers', 'oidc:{{AccountID}}'],
  }))
  writeFileSync(config, JSON.stringify({ clusterID: CLUSTER_ID, server: { mapRoles, webIdentity: { issuers } } }))
  replace(await generate())
  const aws = { source_identity: 'bob' }
  await eventually(t, 'the last role', `team-${ROLES - 1}:bob`, RELOAD_MS, () =>
    api.whoIs(sign({ sub: arn(ROLES - 1), aws })),
  )
  t.match(await whoAmI(sign({ sub: arn(0), aws })), {
    username: 'team-0:bob',
    groups: ['platform-team-0', 'developers', 'oidc:111122223333'],
  })
  t.equal(await whoAmI(sign({ sub: arn(ROLES), aws })), null, 'a role that is not mapped')
  t.equal(await whoAmI(sign({ sub: 'arn:aws:iam::111122223333:role/Dev' })), null, 'a role that is not mapped any more')
  t.notMatch(api.log(), /authentication config.*(?:invalid|error)/i)
})

t.test('v1beta1 is read too', async (t) => {
  replace(await generate('--api-version=v1beta1'))
  const [, ...reloads] = api.log().split('reloaded authentication config')
  await eventually(
    t,
    'it is loaded',
    true,
    RELOAD_MS,
    () => api.log().split('reloaded authentication config').length > reloads.length + 1,
  )
})
