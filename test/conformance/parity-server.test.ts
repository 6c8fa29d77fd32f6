import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { once } from 'node:events'
import t from 'tap'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { clusterTls, startCluster } from '../e2e/harness/cluster.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { logIn, roleToken, tokenOf } from '../e2e/harness/logins.ts'
import { freePort, startTestServer, type LogLine } from '../e2e/harness/server.ts'
import { refusals, signToken, startAws, USER_CONFIGURATION, userToken } from '../e2e/harness/webhook.ts'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startLinkLocal } from '@aws-iam-authenticator/sandbox/aws/link-local'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'

const RETRY_MS = 5000
const CHINA = 'arn:aws-cn:iam::111122223333:user/wei'
const CHINA_MAPPED = `clusterID: k8s.local\nserver:\n  mapUsers: [{userarn: "${CHINA}", username: wei}]\n`

/** An instance without a role. */
const session = (): never => {
  throw new Error('nobody asks for credentials')
}

function ssoSession(partition: string): string {
  return `arn:${partition}:sts::111122223333:assumed-role/AWSReservedSSO_Ops_0123456789abcdef/sam`
}

/** The fields of a line about a login, without the common ones. */
function fieldsOf(line: LogLine | undefined): readonly string[] {
  return Object.keys(line ?? {}).filter((name) => !['time', 'level', 'msg'].includes(name))
}

t.test('the log lines of a decision have the fields that alerts use', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  t.match(
    server.output(),
    /^\{"time":"[^"]+","level":"info","msg":"Authenticator Version"/,
    'the release comes first, on stderr',
  )
  await server.review(userToken())
  await server.review(roleToken(aws, 'Nobody'))
  await server.review('k8s-aws-v1.rubbish!')
  const origin = ['path', 'client', 'method']
  const identity = ['arn', 'accountid', 'accesskeyid', 'userid', 'session', 'stsendpoint']
  const response = await server.waitForLog(({ msg }) => msg === 'STS response')
  t.equal(response['level'], 'info')
  t.same(fieldsOf(response), [...origin, ...identity])
  t.match(response, {
    path: '/authenticate',
    method: 'POST',
    client: /^127\.0\.0\.1:\d+$/,
    arn: USER.arn,
    accountid: USER.accountId,
    accesskeyid: USER_KEY_ID,
    userid: USER.userId,
    session: '',
    stsendpoint: 'sts.us-east-1.amazonaws.com',
  })
  const granted = await server.waitForLog(({ msg }) => msg === 'access granted')
  t.equal(granted['level'], 'info')
  t.same(fieldsOf(granted), [...origin, ...identity, 'username', 'uid', 'groups', 'backend', 'entry'])
  const [unmapped, malformed] = await refusals(server, 2)
  t.equal(unmapped?.['level'], 'warning')
  t.same(fieldsOf(unmapped), [...origin, ...identity, 'fix', 'reason', 'error', 'see'])
  t.same(fieldsOf(malformed), [...origin, 'reason', 'error', 'see'])
  const { stdout } = await server.stop()
  t.equal(stdout, '', 'stdout is for answers')
})

t.test('STS is called by GET, with the cluster id of the server and for JSON', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  t.equal(await logIn(server, userToken()), 'alice')
  const [request, ...more] = aws.sts.requests
  t.same(more, [])
  t.match(request, { method: 'GET', host: 'sts.us-east-1.amazonaws.com', action: 'GetCallerIdentity' })
  t.equal(request?.headers.get('x-k8s-aws-id'), 'k8s.local')
  t.equal(request?.headers.get('accept'), 'application/json')
})

t.test('address and hostname decide where the server listens and the names of its certificate', async (t) => {
  const aws = await startAws(t)
  const folder = temporaryFolder(t)
  const port = await freePort()
  const kubeconfig = join(folder, 'kubeconfig.yaml')
  const configuration = `${USER_CONFIGURATION}  hostname: webhook.example\n`
  const args = ['--address=127.0.0.2', `--generate-kubeconfig=${kubeconfig}`]
  const { certificate } = await startTestServer(t, { aws, configuration, folder, port, args })
  t.match(readFileSync(kubeconfig, 'utf8'), `https://webhook.example:${port}/authenticate`)
  for (const servername of ['webhook.example', '']) {
    const socket = connect({ host: '127.0.0.2', port, ca: certificate, ...(servername === '' ? {} : { servername }) })
    t.teardown(() => socket.destroy())
    await once(socket, 'secureConnect')
    t.equal(socket.authorized, true, servername === '' ? 'by its address' : servername)
  }
  const elsewhere = connect({ host: '127.0.0.1', port, ca: certificate })
  t.teardown(() => elsewhere.destroy())
  const code = await new Promise((resolve) => {
    elsewhere.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
  t.equal(code, 'ECONNREFUSED')
})

t.test('the partition decides which STS hosts the server calls', async (t) => {
  const aws = await startAws(t)
  aws.sts.identities.set('AKIACHINA', { ...USER, arn: CHINA })
  const china = { region: 'cn-north-1', host: 'sts.cn-north-1.amazonaws.com.cn' }
  const tokens = {
    'sts.amazonaws.com': userToken({ host: 'sts.amazonaws.com' }),
    'sts.us-gov-west-1.amazonaws.com': tokenOf(aws, 'arn:aws-us-gov:iam::111122223333:user/dev', 'us-gov-west-1'),
    'sts.cn-north-1.amazonaws.com.cn': signToken('AKIACHINA', { ...USER, arn: CHINA }, china),
  }
  const asked = {
    aws: ['sts.amazonaws.com', 'sts.us-gov-west-1.amazonaws.com'],
    'aws-us-gov': ['sts.us-gov-west-1.amazonaws.com'],
    'aws-cn': ['sts.cn-north-1.amazonaws.com.cn'],
  }
  for (const [partition, hosts] of Object.entries(asked)) {
    const args = [`--partition=${partition}`]
    const server = await startTestServer(t, { aws, configuration: 'clusterID: k8s.local\n', args })
    const { length } = aws.sts.requests
    for (const token of Object.values(tokens)) t.equal(await logIn(server, token), 'refused')
    const asking = aws.sts.requests.slice(length).map(({ host }) => host)
    t.same(asking, hosts, partition)
    const reasons = (await refusals(server, 3)).map(({ reason }) => reason)
    const expected = Object.keys(tokens).map((host) => (hosts.includes(host) ? 'not_mapped' : 'wrong_host'))
    t.same(reasons, expected, partition)
    await server.stop()
  }
})

t.test('the own region comes from configuration, environment or instance, without delaying the start', async (t) => {
  const aws = await startAws(t)
  aws.sts.identities.set('AKIACHINA', { ...USER, arn: CHINA })
  const place = { region: 'dragon-1', host: 'sts.dragon-1.amazonaws.com.cn' }
  const token = (): string => signToken('AKIACHINA', { ...USER, arn: CHINA }, place)
  const instance = await startLinkLocal({ session, region: 'dragon-1' })
  const silent = await startLinkLocal({ session, silent: true })
  for (const each of [instance, silent]) t.teardown(() => each.close())
  const none = { AWS_REGION: '', AWS_EC2_METADATA_DISABLED: '' }
  const ofInstance = { ...none, AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.url }
  const rows = [
    { what: 'server.region', more: '  region: dragon-1\n', environment: ofInstance, told: 'wei' },
    { what: 'AWS_REGION', environment: { AWS_REGION: 'dragon-1' }, told: 'wei' },
    { what: 'AWS_DEFAULT_REGION', environment: { AWS_REGION: '', AWS_DEFAULT_REGION: 'dragon-1' }, told: 'wei' },
    { what: 'the instance', environment: ofInstance, told: 'wei' },
    { what: 'silence', environment: { ...none, AWS_EC2_METADATA_SERVICE_ENDPOINT: silent.url }, told: 'refused' },
  ]
  const args = ['--partition=aws-cn']
  for (const { what, more = '', environment, told } of rows) {
    const configuration = CHINA_MAPPED + more
    const server = await startTestServer(t, { aws, configuration, args, environment })
    await eventually(t, what, told, RETRY_MS, () => logIn(server, token()))
    await server.stop()
  }
  t.equal(
    instance.requests.filter((request) => request.includes('region')).length,
    1,
    'asked where nothing else says it',
  )
  t.ok(silent.requests.length > 0)
})

t.test('--master replaces the URL of the kubeconfig', async (t) => {
  const aws = await startAws(t)
  const { api, token } = await startCluster(t)
  api.putConfigMap('kube-system', 'aws-auth', { mapUsers: `- userarn: ${USER.arn}\n  username: alice\n` })
  const kubeconfig = join(temporaryFolder(t), 'config')
  const certificateAuthority = clusterTls.cert
  await writeKubeconfig(kubeconfig, { server: 'https://127.0.0.1:1', certificateAuthority, user: { token } })
  const args = ['--backend-mode=EKSConfigMap', `--kubeconfig=${kubeconfig}`, `--master=${api.url}`]
  const server = await startTestServer(t, { aws, args })
  await eventually(t, 'followed', 'alice', RETRY_MS, () => logIn(server, userToken()))
})

t.test('an sso entry matches the roles of its permission set, also in GovCloud', async (t) => {
  const aws = await startAws(t)
  const entry = `mapRoles: [{sso: {permissionSetName: Ops, accountID: "111122223333", partition: aws-us-gov}, username: ops}]`
  const gate = '--feature-gates=SSORoleMatch=true'
  const configuration = `clusterID: k8s.local\nserver:\n  ${entry}\n`
  const server = await startTestServer(t, { aws, configuration, args: [gate] })
  t.equal(await logIn(server, tokenOf(aws, ssoSession('aws-us-gov'), 'us-gov-west-1')), 'ops')
  t.equal(await logIn(server, tokenOf(aws, ssoSession('aws'))), 'refused')

  const closed = await startTestServer(t, { aws, configuration })
  t.equal(await logIn(closed, tokenOf(aws, ssoSession('aws-us-gov'), 'us-gov-west-1')), 'refused')
})
