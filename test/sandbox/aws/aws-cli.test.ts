import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { request, ProxyAgent } from 'undici'
import { type Test, test } from 'tap'
import { startSandboxAws, type SandboxAws } from './sandbox.ts'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from './example-account.ts'

const run = promisify(execFile)
const missing = await run('aws', ['--version']).then(
  () => false,
  () => 'there is no AWS CLI on the PATH',
)

void test('aws sts get-caller-identity', { skip: missing }, async (t) => {
  const aws = await start(t)
  t.same(await cli(t, aws, ['sts', 'get-caller-identity']), {
    Account: USER.accountId,
    Arn: USER.arn,
    UserId: USER.userId,
  })
  t.match(aws.sts.requests, [
    {
      host: 'sts.eu-central-1.amazonaws.com',
      method: 'POST',
      action: 'GetCallerIdentity',
      accessKeyId: USER_KEY_ID,
    },
  ])
})

void test('aws sts get-caller-identity with a wrong secret', { skip: missing }, async (t) => {
  const aws = await start(t)
  await t.rejects(cli(t, aws, ['sts', 'get-caller-identity'], { AWS_SECRET_ACCESS_KEY: 'wrong' }), {
    message: /\(SignatureDoesNotMatch\)/,
  })
})

void test('aws sts assume-role, and its credentials', { skip: missing }, async (t) => {
  const aws = await start(t)
  const assumed = await cli(t, aws, ['sts', 'assume-role', '--role-arn', ROLE_ARN, '--role-session-name', 'from-cli'])
  const arn = 'arn:aws:sts::111122223333:assumed-role/Reader/from-cli'
  t.match(assumed, {
    AssumedRoleUser: { Arn: arn, AssumedRoleId: 'AROAREADERREADERREADER:from-cli' },
    Credentials: { AccessKeyId: /^ASIA[A-Z2-7]{16}$/ },
  })
  const identity = await cli(t, aws, ['sts', 'get-caller-identity'], credentialsEnvironment(assumed))
  t.match(identity, { Account: '111122223333', Arn: arn, UserId: 'AROAREADERREADERREADER:from-cli' })
})

void test(
  'aws eks get-token: its URL identifies the user to anyone who sends the header',
  { skip: missing },
  async (t) => {
    const aws = await start(t)
    const credential = await cli(t, aws, ['eks', 'get-token', '--cluster-name', 'k8s.local'])
    const url = Buffer.from(tokenOf(credential).replace('k8s-aws-v1.', ''), 'base64url').toString()
    const dispatcher = new ProxyAgent({ uri: aws.proxyUrl, requestTls: { ca: aws.ca } })
    t.teardown(() => dispatcher.close())
    const ask = async (cluster: string): Promise<unknown> => {
      const headers = { 'x-k8s-aws-id': cluster, accept: 'application/json' }
      const { statusCode, body } = await request(url, { dispatcher, headers })
      return { statusCode, body: await body.json() }
    }
    t.match(await ask('k8s.local'), {
      statusCode: 200,
      body: {
        GetCallerIdentityResponse: {
          GetCallerIdentityResult: { Account: USER.accountId, Arn: USER.arn, UserId: USER.userId },
        },
      },
    })
    t.match(await ask('other.local'), { statusCode: 403, body: { Error: { Code: 'SignatureDoesNotMatch' } } })
  },
)

async function start(t: Test): Promise<SandboxAws> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return aws
}

async function cli(t: Test, aws: SandboxAws, args: string[], more: Record<string, string> = {}): Promise<unknown> {
  const { stdout } = await run('aws', [...args, '--output', 'json'], {
    env: {
      PATH: process.env.PATH,
      HOME: t.testdir({}),
      HTTPS_PROXY: aws.proxyUrl,
      AWS_CA_BUNDLE: aws.caFile,
      AWS_REGION: 'eu-central-1',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: USER_KEY_ID,
      AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
      ...more,
    },
  })
  return JSON.parse(stdout)
}

function member(value: unknown, name: string): ReadonlyMap<string, unknown> {
  return entries(entries(value).get(name))
}

function entries(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(Object.entries(value ?? {}))
}

function tokenOf(credential: unknown): string {
  return String(member(credential, 'status').get('token'))
}

function credentialsEnvironment(assumed: unknown): Record<string, string> {
  const credentials = member(assumed, 'Credentials')
  return {
    AWS_ACCESS_KEY_ID: String(credentials.get('AccessKeyId')),
    AWS_SECRET_ACCESS_KEY: String(credentials.get('SecretAccessKey')),
    AWS_SESSION_TOKEN: String(credentials.get('SessionToken')),
  }
}
