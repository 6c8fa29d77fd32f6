import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { parse } from 'yaml'
import { startCluster } from '../e2e/harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { freePort, startTestServer } from '../e2e/harness/server.ts'
import { addIdentity, signToken, startAws, userOf } from '../e2e/harness/webhook.ts'
import { writeSelfSignedPair, writeSignedPair } from './openssl-pair.ts'

const ACCOUNT = '123456789123'
const NODES = { arn: `arn:aws-us-gov:sts::${ACCOUNT}:assumed-role/nodes.k8s.local/i-0123456789abcdef0` }
const PERSON = { arn: `arn:aws-us-gov:sts::${ACCOUNT}:assumed-role/K8s-Admin/alice` }
const GOVCLOUD = { region: 'us-gov-west-1' }
const CONFIGURATION = `clusterID: k8s.local
server:
  port: 21362
  stateDir: /var/aws-iam-authenticator
  mapAccounts: []
  mapUsers: []
  mapRoles:
    - roleARN: arn:aws-us-gov:iam::${ACCOUNT}:role/nodes.k8s.local
      username: aws:{{AccountID}}:instance:{{SessionName}}
      groups:
      - system:bootstrappers
      - aws:instances
`
const AWS_AUTH = `- roleARN: arn:aws-us-gov:iam::${ACCOUNT}:role/K8s-Admin
  username: iam-admin-{{SessionName}}
  groups:
    - system:masters
`

/** The meaning of a webhook kubeconfig, whatever its writer. */
function webhookKubeconfig(certificate: string, server: string): string {
  return `apiVersion: v1
clusters:
  - name: aws-iam-authenticator
    cluster:
      certificate-authority-data: ${Buffer.from(certificate).toString('base64')}
      server: ${server}
users:
  - name: apiserver
current-context: webhook
contexts:
- name: webhook
  context:
    cluster: aws-iam-authenticator
    user: apiserver
`
}

/** Each file of a folder with its mode, time and content. */
function snapshot(folder: string): string[] {
  return readdirSync(folder).map((name) => {
    const { mode, mtimeMs, uid } = statSync(join(folder, name))
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex')
    return [name, (mode & 0o7777).toString(8), mtimeMs, uid, digest].join()
  })
}

interface OldNode {
  readonly state: string
  readonly kubeconfig: string
}

/** The state folder and the webhook kubeconfig as `init` of the reference and kops' user data leave them. */
async function oldNode(t: Test, port: number): Promise<OldNode> {
  const node = temporaryFolder(t)
  const [state, output] = [join(node, 'state'), join(node, 'output')]
  await writeSelfSignedPair(state)
  mkdirSync(output)
  const kubeconfig = join(output, 'kubeconfig.yaml')
  const certificate = readFileSync(join(state, 'cert.pem'), 'utf8')
  t.match(readFileSync(join(state, 'key.pem'), 'utf8'), /^-----BEGIN RSA PRIVATE KEY-----\n/)
  writeFileSync(kubeconfig, webhookKubeconfig(certificate, `https://localhost:${port}/authenticate`))
  chmodSync(kubeconfig, 0o600)
  return { state, kubeconfig }
}

t.test('a node of the reference is migrated with its manifest unchanged, byte for byte', async (t) => {
  const port = await freePort()
  const { state, kubeconfig } = await oldNode(t, port)
  const before = [snapshot(state), snapshot(join(kubeconfig, '..'))]
  const aws = await startAws(t)
  const cluster = await startCluster(t)
  cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: AWS_AUTH })
  const config = join(temporaryFolder(t), 'config.yaml')
  writeFileSync(config, CONFIGURATION)
  const server = await startTestServer(t, {
    aws,
    folder: state,
    port,
    commandLine: [
      'server',
      '--backend-mode=ConfigMap,File',
      `--config=${config}`,
      `--state-dir=${state}`,
      '--kubeconfig-pregenerated=true',
      '',
      // For the test only: another port than the cluster's, the API server to follow, a log to read.
      `--port=${port}`,
      `--generate-kubeconfig=${kubeconfig}`,
      `--kubeconfig=${cluster.kubeconfig}`,
      '--log-format=json',
    ],
  })
  await server.waitForLog(({ msg, roles }) => msg === 'kube-system/aws-auth loaded' && roles === 1)
  for (const [{ arn }, username] of [
    [PERSON, 'iam-admin-alice'],
    [NODES, `aws:${ACCOUNT}:instance:i-0123456789abcdef0`],
  ] as const) {
    const userId = `AROAEXAMPLE:${arn.split('/').at(-1)}`
    const answer = await server.review(signToken(...addIdentity(aws, { accountId: ACCOUNT, arn, userId }), GOVCLOUD))
    t.match(userOf(answer), { username, uid: `aws-iam-authenticator:${ACCOUNT}:AROAEXAMPLE` })
  }
  t.equal((await server.stop()).code, 0)
  t.same([snapshot(state).filter((file) => !file.startsWith('config.yaml')), snapshot(join(kubeconfig, '..'))], before)
})

t.test('init on such a node keeps the pair', async (t) => {
  const { state } = await oldNode(t, 21362)
  const before = snapshot(state)
  const made = await runCommand(['init', '-i', 'k8s.local'], { cwd: state, environment: minimalEnvironment(state) })
  t.equal(made.code, 0, made.stderr)
  t.same(
    snapshot(state).filter((file) => !file.startsWith('aws-iam-authenticator.kubeconfig')),
    before,
  )
})

t.test('if the server writes the webhook kubeconfig, its content stays the same', async (t) => {
  const port = await freePort()
  const { state, kubeconfig } = await oldNode(t, port)
  const pair = snapshot(state)
  const meaning: unknown = parse(readFileSync(kubeconfig, 'utf8'))
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, folder: state, port, args: [`--generate-kubeconfig=${kubeconfig}`] })
  t.equal((await server.stop()).code, 0)
  t.match(parse(readFileSync(kubeconfig, 'utf8')), meaning)
  t.same(
    snapshot(state).filter((file) => /^(?:cert|key)\.pem/.test(file)),
    pair,
  )
})

t.test("a node of the built-in kops option: a pair of the cluster's authority, and nothing may change", async (t) => {
  const node = temporaryFolder(t)
  const state = join(node, 'srv/kubernetes/aws-iam-authenticator')
  const authority = await writeSignedPair(state, join(node, 'authority'))
  for (const name of ['cert.pem', 'key.pem']) chmodSync(join(state, name), 0o600)
  const before = snapshot(state)
  const aws = await startAws(t)
  const cluster = await startCluster(t)
  cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: AWS_AUTH })
  const server = await startTestServer(t, {
    aws,
    folder: state,
    port: await freePort(),
    commandLine: [
      'server',
      '--cluster-id=k8s.local',
      `--state-dir=${state}`,
      '--kubeconfig-pregenerated=true',
      '--backend-mode=EKSConfigMap',
      '--port=0',
      `--kubeconfig=${cluster.kubeconfig}`,
      '--log-format=json',
    ],
  })
  await server.waitForLog(({ msg, roles }) => msg === 'kube-system/aws-auth loaded' && roles === 1)
  const { url } = await server.waitForLog(({ msg }) => msg === 'listening')
  // As in kops' /etc/kubernetes/authn.config: the cluster's authority, and the address.
  const dispatcher = new Agent({ connect: { ca: readFileSync(authority, 'utf8') } })
  t.teardown(() => dispatcher.close())
  const identity = { accountId: ACCOUNT, arn: PERSON.arn, userId: 'AROAEXAMPLE:alice' }
  const token = signToken(...addIdentity(aws, identity), GOVCLOUD)
  const { statusCode, body } = await request(String(url), {
    dispatcher,
    method: 'POST',
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }),
  })
  t.equal(statusCode, 200)
  t.match(await body.json(), { status: { authenticated: true, user: { username: 'iam-admin-alice' } } })
  t.equal((await server.stop()).code, 0)
  t.same(
    snapshot(state).filter((file) => !file.startsWith('config.yaml')),
    before,
  )
})
