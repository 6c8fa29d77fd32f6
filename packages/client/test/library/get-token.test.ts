import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { getToken, type GetTokenOptions, type LibraryToken } from '../../src/library/get-token.ts'
import { callerOf, personWith } from '../person.ts'

const KEYS = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey }

async function start(t: Pick<Test, 'teardown'>): Promise<SandboxAws> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return aws
}

async function arnOf(aws: SandboxAws, { token, expiresAt }: LibraryToken): Promise<string> {
  return JSON.stringify(await callerOf(aws, { token, expiration: expiresAt }))
}

void test('signs with the environment of the process and the default HTTP client', async (t) => {
  const aws = await start(t)
  await personWith(t, { environment: { ...KEYS, ...aws.environment, AWS_REGION: 'eu-west-1', NO_PROXY: '' } })
  const signed = await getToken({ clusterId: 'k8s.local', roleArn: ROLE_ARN })
  t.match(await arnOf(aws, signed), /assumed-role\/Reader\//)
  t.match(aws.sts.requests, [{ host: 'sts.eu-west-1.amazonaws.com', action: 'AssumeRole' }])
  const minutes = (signed.expiresAt.getTime() - Date.now()) / 60_000
  t.ok(minutes > 13 && minutes <= 14, `${minutes} minutes`)
})

void test('the option profile wins over keys in the environment', async (t) => {
  const aws = await start(t)
  const home = mkdtempSync(join(tmpdir(), 'authenticator-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  const file = join(home, 'credentials')
  const lines = ['[work]', `aws_access_key_id = ${USER_KEY_ID}`, `aws_secret_access_key = ${USER.secretAccessKey}`]
  writeFileSync(file, lines.join('\n'))
  const others = { AWS_ACCESS_KEY_ID: 'AKIAOTHEROTHEROTHERO', AWS_SECRET_ACCESS_KEY: 'x', AWS_SESSION_TOKEN: 'x' }
  const environment = { ...others, HOME: home, AWS_SHARED_CREDENTIALS_FILE: file }
  const options = { clusterId: 'k8s.local', region: 'eu-west-1', environment }
  t.match(await arnOf(aws, await getToken({ ...options, profile: 'work' })), USER.arn)
  t.match((await getToken(options)).token.length > 0, true, 'without it, the keys')
  await t.rejects(getToken({ ...options, profile: 'wrok' }), { code: 'unknown_profile' })
})

/** Decodes a part of a JWT. */
function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}

void test('a JWT by tokenType', async (t) => {
  const aws = await start(t)
  const environment = { ...KEYS, ...aws.environment, AWS_REGION: 'eu-west-1', HOME: '/nonexistent' }
  const { token } = await getToken({ clusterId: 'k8s.local', tokenType: 'jwt', signingAlgorithm: 'RS256', environment })
  const [header = '', claims = ''] = token.split('.')
  t.match(decode(header), { alg: 'RS256' })
  t.match(decode(claims), { aud: 'k8s.local' })
})

const INVALID: readonly (readonly [name: string, options: Partial<GetTokenOptions>])[] = [
  ['no cluster ID', { clusterId: '' }],
  ['an empty role, which must not sign with the base credentials', { roleArn: '' }],
  ['an empty profile', { profile: '' }],
  ['an empty region', { region: '' }],
  ['a session name without a role', { sessionName: 'alice' }],
  ['a source identity without a role', { sourceIdentity: 'alice' }],
  ['two session names', { roleArn: ROLE_ARN, sessionName: 'alice', forwardSessionName: true }],
  ['an audience of a presigned token', { audience: 'k8s' }],
  ['an algorithm of a presigned token', { signingAlgorithm: 'RS256', tokenType: 'presigned' }],
]

for (const [name, options] of INVALID) {
  void test(`an error: ${name}`, async (t) => {
    const environment = { ...KEYS, HOME: '/nonexistent', AWS_REGION: 'eu-west-1' }
    await t.rejects(getToken({ clusterId: 'k8s.local', environment, ...options }), { code: 'invalid_settings' })
  })
}
