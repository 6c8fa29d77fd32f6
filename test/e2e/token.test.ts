import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import type { Identity, Role } from '@aws-iam-authenticator/sandbox/aws/account'
import {
  identities,
  PARTNER_ROLE_ARN,
  ROLE_ARN,
  roles,
  USER,
  USER_KEY_ID,
} from '@aws-iam-authenticator/sandbox/aws/example-account'
import { createSandboxAws, startSandboxAws, type InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { runCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { personEnvironment } from './harness/person.ts'
import { presignedUrl, rawParameters, signingDate, urlOf } from './harness/presigned.ts'

interface ExecCredential {
  readonly apiVersion: string
  readonly status: { readonly expirationTimestamp: string; readonly token: string }
}

const EXEC_CREDENTIAL =
  /^\{"kind":"ExecCredential","apiVersion":"[^"]+","spec":\{"interactive":false\},"status":\{"expirationTimestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","token":"k8s-aws-v1\.[\w-]+"\}\}\n$/
const PARAMETERS = ['Action', 'Version', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires']

async function signed(args: readonly string[], environment: Environment, cwd = '/'): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['token', '--token-only', ...args], { environment, cwd })
  if (code !== 0 || stderr !== '') throw new Error(`no token: ${stderr}`)
  return stdout
}

async function execCredential(args: readonly string[], environment: Environment): Promise<ExecCredential> {
  const { stdout } = await runCommand(['token', ...args], { environment })
  if (!EXEC_CREDENTIAL.test(stdout)) throw new Error('this is not an ExecCredential on one line')
  const credential: unknown = JSON.parse(stdout)
  return {
    apiVersion: textAt(credential, 'apiVersion') ?? '',
    status: {
      expirationTimestamp: textAt(credential, 'status', 'expirationTimestamp') ?? '',
      token: textAt(credential, 'status', 'token') ?? '',
    },
  }
}

/** The answer of STS to the URL for a cluster. */
async function present(
  aws: InProcessAws,
  url: string,
  clusterId = 'k8s.local',
): Promise<{ readonly status: number; readonly text: string }> {
  const { host, search } = new URL(url)
  const reply = await aws.handle({
    method: 'GET',
    host,
    path: '/',
    query: search.slice(1),
    headers: new Map([
      ['host', host],
      ['x-k8s-aws-id', clusterId],
      ['accept', 'application/json'],
    ]),
    body: '',
    signal: new AbortController().signal,
  })
  if (reply === 'reset' || typeof reply.body !== 'string') throw new Error('no answer')
  return { status: reply.status, text: reply.body }
}

function minutesFromNow(timestamp: string): number {
  return (Date.parse(timestamp) - Date.now()) / 60_000
}

function execInfo(apiVersion: unknown): string {
  const spec = { interactive: true, cluster: { server: 'https://x' } }
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', spec })
}

function inMinutes(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString()
}

t.test('a token of static keys equals the URL of another signer', async (t) => {
  const environment = personEnvironment(temporaryFolder(t), { AWS_REGION: 'us-west-2' })
  const output = await signed(['-i', 'k8s.local'], environment)
  t.match(output, /^k8s-aws-v1\.[\w-]+\n$/)
  const url = urlOf(output.trim())
  t.same([...rawParameters(url).keys()], [...PARAMETERS, 'X-Amz-SignedHeaders', 'X-Amz-Signature'])
  const day = rawParameters(url).get('X-Amz-Date')?.slice(0, 8) ?? ''
  t.equal(rawParameters(url).get('X-Amz-Credential'), `${USER_KEY_ID}%2F${day}%2Fus-west-2%2Fsts%2Faws4_request`)
  t.equal(rawParameters(url).get('X-Amz-Expires'), '60')
  t.equal(rawParameters(url).get('X-Amz-SignedHeaders'), 'host%3Bx-k8s-aws-id')
  t.match(rawParameters(url).get('X-Amz-Signature'), /^[0-9a-f]{64}$/)
  const expected = presignedUrl({
    host: 'sts.us-west-2.amazonaws.com',
    region: 'us-west-2',
    clusterId: 'k8s.local',
    accessKeyId: USER_KEY_ID,
    secretAccessKey: USER.secretAccessKey,
    date: signingDate(url),
  })
  t.equal(url, expected)
  const aws = createSandboxAws({ identities, roles })
  t.equal((await present(aws, url)).status, 200)
  t.equal((await present(aws, url, 'other.local')).status, 403, 'it is bound to its cluster')
})

t.test('a session token is signed at its position', async (t) => {
  const sessionToken = `IQoJb3JpZ2luX2Vj+/=${'A b&c'.repeat(300)}==`
  const identity: Identity = { ...USER, sessionToken }
  const environment = personEnvironment(temporaryFolder(t), {
    AWS_REGION: 'eu-west-1',
    AWS_SESSION_TOKEN: sessionToken,
  })
  const url = urlOf((await signed(['-i', 'a cluster/with=signs'], environment)).trim())
  t.same(
    [...rawParameters(url).keys()],
    [...PARAMETERS, 'X-Amz-Security-Token', 'X-Amz-SignedHeaders', 'X-Amz-Signature'],
  )
  const expected = presignedUrl({
    host: 'sts.eu-west-1.amazonaws.com',
    region: 'eu-west-1',
    clusterId: 'a cluster/with=signs',
    accessKeyId: USER_KEY_ID,
    secretAccessKey: USER.secretAccessKey,
    sessionToken,
    date: signingDate(url),
  })
  t.equal(url, expected)
  const aws = createSandboxAws({ identities: new Map([[USER_KEY_ID, identity]]) })
  t.equal((await present(aws, url, 'a cluster/with=signs')).status, 200)
})

t.test('a role is assumed with its external id and session name', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const environment = personEnvironment(temporaryFolder(t), aws.environment, { AWS_REGION: 'eu-west-1' })
  const rows = [
    { args: ['-r', ROLE_ARN, '-s', 'alice@example.com'], arn: 'assumed-role/Reader/alice@example.com' },
    { args: ['--role', PARTNER_ROLE_ARN, '-e', 'contract-7', '-s', 'bob'], arn: 'assumed-role/Partner/bob' },
    { args: [`--role=${PARTNER_ROLE_ARN}`, '--external-id=contract-7'], arn: 'assumed-role/Partner/' },
    { args: [], more: { DEFAULT_ROLE: ROLE_ARN }, arn: 'assumed-role/Reader/' },
    { args: ['-s', 'nobody', '-e', 'nothing'], arn: 'user/staff/alice' },
  ]
  for (const { args, arn, more = {} } of rows) {
    const url = urlOf((await signed(['-i', 'k8s.local', ...args], { ...environment, ...more })).trim())
    t.equal(new URL(url).host, 'sts.eu-west-1.amazonaws.com')
    const answer = await present(aws, url)
    t.equal(answer.status, 200)
    t.match(answer.text, `:${arn}`)
  }
  const asked = aws.sts.requests.filter(({ action }) => action === 'AssumeRole')
  t.equal(asked.length, 4)
  t.ok(
    asked.every(({ host }) => host === 'sts.eu-west-1.amazonaws.com'),
    'the role is asked for in the same region',
  )
})

t.test('the apiVersion requested by kubectl is echoed', async (t) => {
  const environment = personEnvironment(temporaryFolder(t), { AWS_REGION: 'us-east-1' })
  const standard = 'client.authentication.k8s.io/v1beta1'
  const rows: readonly (readonly [info: string | undefined, apiVersion: string])[] = [
    [execInfo('client.authentication.k8s.io/v1alpha1'), 'client.authentication.k8s.io/v1alpha1'],
    [execInfo('client.authentication.k8s.io/v1beta1'), standard],
    [execInfo('client.authentication.k8s.io/v1'), 'client.authentication.k8s.io/v1'],
    [execInfo('client.authentication.k8s.io/v7'), 'client.authentication.k8s.io/v7'],
    ...[
      undefined,
      '',
      '{',
      'null',
      '[]',
      '"v1"',
      '{"kind":"ExecCredential"}',
      execInfo(''),
      execInfo(1),
      execInfo(null),
    ].map((garbage): [string | undefined, string] => [garbage, standard]),
  ]
  for (const [info, apiVersion] of rows) {
    const more = info === undefined ? {} : { KUBERNETES_EXEC_INFO: info }
    const credential = await execCredential(['-i', 'k8s.local'], { ...environment, ...more })
    t.equal(credential.apiVersion, apiVersion, info ?? 'none')
  }
})

t.test('the expiration is 14 minutes after signing, or the expiry of the credentials', async (t) => {
  const home = temporaryFolder(t)
  const environment = personEnvironment(home, { AWS_REGION: 'us-east-1' })
  const whole = await execCredential(['-i', 'k8s.local'], environment)
  const { expirationTimestamp, token } = whole.status
  t.equal(Date.parse(expirationTimestamp) - signingDate(urlOf(token)).getTime(), 14 * 60_000)

  const short = { AWS_SESSION_TOKEN: 'x', AWS_CREDENTIAL_EXPIRATION: inMinutes(5) }
  const five = await execCredential(['-i', 'k8s.local'], { ...environment, ...short })
  t.ok(Math.abs(minutesFromNow(five.status.expirationTimestamp) - 5) < 0.5)
  const long = { ...short, AWS_CREDENTIAL_EXPIRATION: inMinutes(300) }
  const fourteen = await execCredential(['-i', 'k8s.local'], { ...environment, ...long })
  t.ok(Math.abs(minutesFromNow(fourteen.status.expirationTimestamp) - 14) < 0.5)

  const answer = {
    Version: 1,
    AccessKeyId: 'ASIAPROCESS',
    SecretAccessKey: 'x',
    SessionToken: 'y',
    Expiration: inMinutes(3),
  }
  writeFileSync(join(home, 'answer.json'), JSON.stringify(answer))
  writeFileSync(
    join(home, 'config'),
    `[profile tool]\ncredential_process = cat ${home}/answer.json\nregion = us-east-1\n`,
  )
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...keyless } = environment
  const tool = { ...keyless, AWS_CONFIG_FILE: join(home, 'config'), AWS_PROFILE: 'tool' }
  const three = await execCredential(['-i', 'k8s.local'], tool)
  t.ok(Math.abs(minutesFromNow(three.status.expirationTimestamp) - 3) < 0.5)
})

t.test('the exec stanza of a kubeconfig in GovCloud works unchanged', async (t) => {
  const keyId = 'AKIAGOVGOVGOVGOVGOV1'
  const accountId = '123456789123'
  const user: Identity = { ...USER, accountId, arn: `arn:aws-us-gov:iam::${accountId}:user/dev`, userId: 'AIDAGOV' }
  const roleArn = `arn:aws-us-gov:iam::${accountId}:role/K8s-Admin`
  const role: Role = { roleId: 'AROAGOV', trusts: [user.arn] }
  const aws = await startSandboxAws({ identities: new Map([[keyId, user]]), roles: new Map([[roleArn, role]]) })
  t.teardown(() => aws.close())
  const home = temporaryFolder(t)
  const file = join(home, 'credentials')
  writeFileSync(file, `[govcloud]\naws_access_key_id = ${keyId}\naws_secret_access_key = ${user.secretAccessKey}\n`)
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    ...aws.environment,
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_STS_REGIONAL_ENDPOINTS: 'regional',
    AWS_DEFAULT_REGION: 'us-gov-west-1',
    AWS_PROFILE: 'govcloud',
  }
  const credential = await execCredential(['-i', 'k8s.local', '-r', roleArn], environment)
  const url = urlOf(credential.status.token)
  t.equal(new URL(url).host, 'sts.us-gov-west-1.amazonaws.com')
  const answer = await present(aws, url)
  t.equal(answer.status, 200)
  t.match(answer.text, `arn:aws-us-gov:sts::${accountId}:assumed-role/K8s-Admin/`)
  t.ok(aws.sts.requests.every(({ host }) => host === 'sts.us-gov-west-1.amazonaws.com'))
})

t.test('it needs neither HOME nor PATH nor its own folder', async (t) => {
  const folder = temporaryFolder(t)
  const { HOME: _, PATH: __, ...bare } = personEnvironment(folder, { AWS_REGION: 'us-east-1' })
  for (const cwd of ['/', folder, '/proc']) t.match(await signed(['-i', 'k8s.local'], bare, cwd), /^k8s-aws-v1\./)
})
