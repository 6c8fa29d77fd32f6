import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { binariesRunHere, kubectl, type KubectlVersion } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { checkRequests, clusterTls, startCluster, type Cluster } from './harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { eventually } from './harness/eventually.ts'
import { commandFile, govRoleArn, startGovCloud, writeGovCloudProfile } from './harness/govcloud.ts'
import { logIn, tokenOf, valueAt } from './harness/logins.ts'
import { freePort, startTestServer, type TestServer } from './harness/server.ts'

const skip = binariesRunHere ? false : 'the kubectl binaries are for Linux on x86-64'
const REGION = 'us-gov-west-1'
const LIVE_MS = 1000

const AWS_AUTH = `- roleARN: ${govRoleArn('K8s-Admin')}
  username: iam-admin-{{SessionName}}
  groups:
    - system:masters
`

function configYaml(port: number, stateDir: string, kubeconfig: string): string {
  return `clusterID: k8s.local
server:
  port: ${port}
  stateDir: ${stateDir}
  kubeconfig: ${kubeconfig}
  mapAccounts: []
  mapUsers: []
  mapRoles:
    - roleARN: ${govRoleArn('nodes.k8s.local')}
      username: aws:{{AccountID}}:instance:{{SessionName}}
      groups:
      - system:bootstrappers
      - aws:instances
`
}

interface ControlPlane {
  readonly aws: SandboxAws
  readonly cluster: Cluster
  readonly server: TestServer
  /** The file of kube-apiserver's --authentication-token-webhook-config-file. */
  readonly webhookKubeconfig: string
}

/** A control-plane node of kops: init before the API server starts, then the server of the DaemonSet. */
async function startControlPlane(t: Test): Promise<ControlPlane> {
  const aws = await startGovCloud(t)
  const cluster = await startCluster(t)
  const node = temporaryFolder(t)
  const [work, state, output] = ['work', 'state', 'output'].map((name) => join(node, name))
  if (work === undefined || state === undefined || output === undefined) throw new TypeError('three folders')
  for (const folder of [work, state, output]) mkdirSync(folder)
  const port = await freePort()
  const config = join(state, 'config.yaml')
  const configuration = configYaml(port, state, cluster.kubeconfig)
  writeFileSync(config, configuration)

  const init = ['init', '--cluster-id=k8s.local', `--config=${config}`]
  const made = await runCommand(init, { cwd: work, environment: minimalEnvironment(work) })
  t.equal(made.code, 0, made.stderr)
  renameSync(join(work, 'key.pem'), join(state, 'key.pem'))
  renameSync(join(work, 'cert.pem'), join(state, 'cert.pem'))
  const webhookKubeconfig = join(output, 'kubeconfig.yaml')
  renameSync(join(work, 'aws-iam-authenticator.kubeconfig'), webhookKubeconfig)
  t.same(readdirSync(work), [])
  const written = readFileSync(webhookKubeconfig, 'utf8')

  const server = await startTestServer(t, {
    aws,
    folder: state,
    port,
    configuration,
    environment: { AWS_REGION: '' },
    commandLine: [
      '--log-format=json',
      'server',
      '--backend-mode=ConfigMap,File',
      `--config=${config}`,
      `--state-dir=${state}`,
      '--kubeconfig-pregenerated=true',
      '',
    ],
  })
  t.equal(readFileSync(webhookKubeconfig, 'utf8'), written, 'a kubeconfig that was pregenerated is left alone')
  t.same(server.log().find(({ msg }) => msg === 'listening')?.['backends'], ['EKSConfigMap', 'MountedFile'])
  for (const name of ['ConfigMap', 'File']) {
    const old = server.log().filter(({ level, msg }) => level === 'warning' && String(msg).includes(`${name} `))
    t.equal(old.length, 1, `${name} is an older name`)
  }
  return { aws, cluster, server, webhookKubeconfig }
}

/** A person with a kubeconfig that gets a token of this role from our command. */
async function startPerson(
  t: Test,
  aws: SandboxAws,
  front: WebhookFront,
  options: { readonly version: KubectlVersion; readonly apiVersion: string; readonly role: string },
): Promise<(...args: readonly string[]) => Promise<RunResult>> {
  const home = temporaryFolder(t)
  writeGovCloudProfile(home)
  const apiVersion = `client.authentication.k8s.io/${options.apiVersion}`
  const exec = {
    apiVersion,
    ...(options.apiVersion === 'v1' ? { interactiveMode: 'IfAvailable' } : {}),
    command: commandFile(home),
    args: ['token', '-i', 'k8s.local', '-r', govRoleArn(options.role)],
    env: [
      { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      { name: 'AWS_DEFAULT_REGION', value: REGION },
      { name: 'AWS_PROFILE', value: 'govcloud' },
    ],
  }
  const kubeconfig = join(home, 'config')
  await writeKubeconfig(kubeconfig, { server: front.url, certificateAuthority: clusterTls.cert, user: { exec } })
  const env = { ...minimalEnvironment(home), ...aws.environment, KUBECONFIG: kubeconfig }
  const program = await kubectl(options.version)
  return (...args) => runBinary(program, args, { env, cwd: home })
}

const LOGINS = [
  { version: '1.20', apiVersion: 'v1alpha1', reviewVersion: 'v1beta1' },
  { version: '1.20', apiVersion: 'v1beta1', reviewVersion: 'v1' },
  { version: '1.35', apiVersion: 'v1beta1', reviewVersion: 'v1beta1' },
  { version: '1.35', apiVersion: 'v1', reviewVersion: 'v1' },
] as const

await t.test('people log in with kubectl to a kops cluster in GovCloud', { skip }, async (t) => {
  const { aws, cluster, server, webhookKubeconfig } = await startControlPlane(t)
  const node = tokenOf(aws, 'arn:aws-us-gov:sts::210987654321:assumed-role/nodes.k8s.local/i-0123456789abcdef0', REGION)
  t.equal(await logIn(server, node), 'aws:210987654321:instance:i-0123456789abcdef0', 'a node, by the file')

  cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: AWS_AUTH })
  const admin = tokenOf(aws, 'arn:aws-us-gov:sts::210987654321:assumed-role/K8s-Admin/dev@example.com', REGION)
  await eventually(t, 'aws-auth, applied', 'iam-admin-dev-example.com', LIVE_MS, () => logIn(server, admin))
  const asked = aws.sts.requests.length

  for (const { version, apiVersion, reviewVersion } of LOGINS) {
    const what = `kubectl ${version}, ${apiVersion}, TokenReview ${reviewVersion}`
    const front = await WebhookFront.start({ tls: clusterTls, webhookKubeconfig, reviewVersion })
    t.teardown(() => front.close())
    const run = await startPerson(t, aws, front, { version, apiVersion, role: 'K8s-Admin' })
    t.match(await run('get', 'pods'), { code: 0, stderr: 'No resources found in default namespace.\n' }, what)
    t.ok(front.answers.length > 0, 'the webhook was asked')
    for (const { status, verdict, echoedToken } of front.answers) {
      t.match({ status, echoedToken }, { status: 200, echoedToken: false })
      t.match(verdict, {
        kind: 'authenticated',
        user: {
          username: /^iam-admin-[\w-]+$/,
          uid: /^aws-iam-authenticator:210987654321:AROAK8SADMIN$/,
          groups: ['system:masters'],
        },
      })
    }
    if (version === '1.35') {
      const { code, stdout } = await run('auth', 'whoami', '-o', 'json')
      t.equal(code, 0, what)
      const user = valueAt(JSON.parse(stdout), 'status', 'userInfo')
      t.match(valueAt(user, 'username'), /^iam-admin-[\w-]+$/, what)
      t.same(valueAt(user, 'groups'), ['system:masters', 'system:authenticated'], what)
      t.match(valueAt(user, 'extra', 'canonicalArn'), [govRoleArn('K8s-Admin')], what)
    }
  }
  const asking = aws.sts.requests.slice(asked)
  t.same([...new Set(asking.map(({ host }) => host))], [`sts.${REGION}.amazonaws.com`], 'one regional host for all')
  t.ok(asking.some(({ action }) => action === 'AssumeRole'))
  checkRequests(t, cluster.api)
  t.notMatch(server.output(), 'k8s-aws-v1.', 'no token in the log')
  t.equal((await server.stop()).code, 0)
})

await t.test('refused people are told so, and the log has the reason', { skip }, async (t) => {
  const { aws, cluster, server, webhookKubeconfig } = await startControlPlane(t)
  cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: AWS_AUTH })
  for (const version of ['1.20', '1.35'] as const) {
    const front = await WebhookFront.start({ tls: clusterTls, webhookKubeconfig })
    t.teardown(() => front.close())
    const intern = await startPerson(t, aws, front, { version, apiVersion: 'v1beta1', role: 'Intern' })
    t.match(await intern('get', 'pods'), { code: 1, stdout: '', stderr: /logged in|Unauthorized/ }, version)
    t.ok(front.answers.length > 0)
    for (const answer of front.answers) {
      t.match(answer, { status: 200, verdict: { kind: 'refused' }, echoedToken: false })
      t.strictSame(
        valueAt(answer.body, 'status'),
        { authenticated: false, user: {} },
        'the API server learns nothing else',
      )
    }
    const stranger = await startPerson(t, aws, front, { version, apiVersion: 'v1beta1', role: 'Nobody' })
    const { length } = front.answers
    const failed = await stranger('get', 'pods')
    t.match(failed, { code: 1, stdout: '', stderr: /could not get token: .*Nobody/ }, `${version}: no such role`)
    t.equal(front.answers.length, length, 'without a token the API server is not asked')
  }
  const denied = server.log().find(({ msg }) => msg === 'access denied')
  t.match(denied, {
    level: 'warning',
    reason: 'not_mapped',
    error: 'identity is not mapped',
    arn: 'arn:aws-us-gov:iam::210987654321:role/Intern',
    stsendpoint: `sts.${REGION}.amazonaws.com`,
  })
  t.equal((await server.stop()).code, 0)
})
