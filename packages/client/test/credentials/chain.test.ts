import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'tap'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { createSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { Route } from '@aws-iam-authenticator/sandbox/aws/wire'
import type { Environment } from '../../../network/src/environment.ts'
import { caller, callerOf, personWith, signIn, urlOf } from '../person.ts'

const ACCOUNT_ID = '111122223333'
const WEB_ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/web`
const CHAIN_ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/chain`
const FAR_ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/far`
const REGION = { AWS_REGION: 'eu-west-1' }

/** One user per source of credentials. The user of the token shows which source was used. */
function user(name: string): Identity & { readonly secretAccessKey: string } {
  return {
    accountId: ACCOUNT_ID,
    arn: `arn:aws:iam::${ACCOUNT_ID}:user/${name}`,
    userId: `AIDA${name.toUpperCase()}`,
    secretAccessKey: `secret of ${name}`,
    ...(name === 'sso' || name === 'container' ? { sessionToken: `session of ${name}` } : {}),
  }
}

const SSO_PORTAL: Route = {
  matches: (host) => host === 'portal.sso.eu-central-1.amazonaws.com',
  handle: ({ path, query, headers }) => {
    const asked = `${path}?${query}`
    const good =
      asked === '/federation/credentials?account_id=111122223333&role_name=Reader' ||
      asked === '/federation/credentials?role_name=Reader&account_id=111122223333'
    const body = good
      ? { roleCredentials: { ...sdkKeys('sso'), expiration: Date.now() + 3_600_000 } }
      : { message: 'No access' }
    const known = headers.get('x-amz-sso_bearer_token') === 'bearer'
    return Promise.resolve({
      status: !known ? 401 : good ? 200 : 403,
      headers: {
        'content-type': 'application/json',
        ...(known
          ? good
            ? {}
            : { 'x-amzn-errortype': 'ForbiddenException' }
          : { 'x-amzn-errortype': 'UnauthorizedException' }),
      },
      body: JSON.stringify(body),
    })
  },
}

const NAMES = ['environment', 'profile', 'credentials', 'process', 'sso', 'container']
const aws = createSandboxAws({
  identities: new Map(NAMES.map((name) => [keyId(name), user(name)])),
  roles: new Map([
    [WEB_ROLE_ARN, { roleId: 'AROAWEB', trusts: [], webIdentity: { issuer: 'https://oidc.example', subject: 'pod' } }],
    [CHAIN_ROLE_ARN, { roleId: 'AROACHAIN', trusts: [user('profile').arn], externalId: 'shared' }],
    [FAR_ROLE_ARN, { roleId: 'AROAFAR', trusts: [CHAIN_ROLE_ARN] }],
  ]),
  routes: [SSO_PORTAL],
})

function keyId(name: string): string {
  return `AKIA${name.toUpperCase()}`
}

function sdkKeys(name: string): Record<string, string | undefined> {
  const { secretAccessKey, sessionToken } = user(name)
  return { accessKeyId: keyId(name), secretAccessKey, sessionToken }
}

const STATIC = { AWS_ACCESS_KEY_ID: keyId('environment'), AWS_SECRET_ACCESS_KEY: user('environment').secretAccessKey }
const WEB = { AWS_WEB_IDENTITY_TOKEN_FILE: 'HOME/token', AWS_ROLE_ARN: WEB_ROLE_ARN, AWS_ROLE_SESSION_NAME: 'pod-7' }
const FILES = {
  '.aws/config': `
[profile main]
aws_access_key_id = ${keyId('profile')}
aws_secret_access_key = ${user('profile').secretAccessKey}
region = us-east-2

[profile process]
credential_process = cat HOME/process.json

[profile chain]
role_arn = ${CHAIN_ROLE_ARN}
source_profile = main
external_id = shared
role_session_name = alice

[profile far]
role_arn = ${FAR_ROLE_ARN}
source_profile = chain
role_session_name = far-alice
region = ap-northeast-1

[profile web]
role_arn = ${WEB_ROLE_ARN}
web_identity_token_file = HOME/token

[profile sso]
sso_session = corp
sso_account_id = ${ACCOUNT_ID}
sso_role_name = Reader

[profile sso-other-role]
sso_session = corp
sso_account_id = ${ACCOUNT_ID}
sso_role_name = Admin

[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://corp.example/start

[profile bare]
region = eu-west-3
`,
  '.aws/credentials': `
[default]
aws_access_key_id = ${keyId('credentials')}
aws_secret_access_key = ${user('credentials').secretAccessKey}
`,
  'container-token': 'let me in',
  'process.json': JSON.stringify({
    Version: 1,
    AccessKeyId: keyId('process'),
    SecretAccessKey: user('process').secretAccessKey,
  }),
  token: `x.${Buffer.from(JSON.stringify({ iss: 'https://oidc.example', sub: 'pod', exp: 4_000_000_000 })).toString('base64url')}.x\n`,
  [`.aws/sso/cache/${createHash('sha1').update('corp').digest('hex')}.json`]: JSON.stringify({
    accessToken: 'bearer',
    expiresAt: '2100-01-01T00:00:00Z',
  }),
}

async function someone(t: Parameters<typeof personWith>[0], environment: Environment): Promise<Environment> {
  const person = await personWith(t, { files: FILES, environment })
  const home = person['HOME'] ?? ''
  const placed = Object.entries(person).map(([name, value]) => [name, value?.replaceAll('HOME', home)] as const)
  return Object.fromEntries(placed)
}

function refuseToOpen(): Promise<never> {
  return Promise.reject(new Error('nothing is to be opened'))
}

void test('each source of credentials, and their precedence', async (t) => {
  const cases: readonly (readonly [label: string, environment: Environment, arn: string | RegExp])[] = [
    [
      'static keys before a profile and a web identity',
      { ...STATIC, ...WEB, AWS_PROFILE: 'main' },
      user('environment').arn,
    ],
    [
      'the older names of the variables',
      { AWS_ACCESS_KEY: STATIC.AWS_ACCESS_KEY_ID, AWS_SECRET_KEY: STATIC.AWS_SECRET_ACCESS_KEY },
      user('environment').arn,
    ],
    [
      'half a pair of keys is none',
      { AWS_ACCESS_KEY_ID: STATIC.AWS_ACCESS_KEY_ID, AWS_PROFILE: 'main' },
      user('profile').arn,
    ],
    ['a web identity before a profile', { ...WEB, AWS_PROFILE: 'main' }, /:assumed-role\/web\/pod-7$/],
    ['a profile', { AWS_PROFILE: 'main' }, user('profile').arn],
    ['the default profile', {}, user('credentials').arn],
    [
      'a profile before a container',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' },
      user('credentials').arn,
    ],
    ['credential_process', { AWS_PROFILE: 'process' }, user('process').arn],
    ['a role with source_profile', { AWS_PROFILE: 'chain' }, /:assumed-role\/chain\/alice$/],
    ['a chain of two roles', { AWS_PROFILE: 'far' }, /:assumed-role\/far\/far-alice$/],
    ['a web identity of a profile', { AWS_PROFILE: 'web' }, /:assumed-role\/web\//],
    ['SSO', { AWS_PROFILE: 'sso' }, user('sso').arn],
  ]
  for (const [label, environment, arn] of cases) {
    await t.test(label, async (c) => {
      const token = await signIn(aws, { environment: await someone(c, { ...REGION, ...environment }) })
      c.match(await callerOf(aws, token), caller(arn))
      c.equal(urlOf(token).host, 'sts.eu-west-1.amazonaws.com')
    })
  }
})

void test('AWS_REGION takes precedence over the region of the profile for calls made here', async (t) => {
  const before = aws.sts.requests.length
  await signIn(aws, { environment: await someone(t, { ...REGION, AWS_PROFILE: 'far' }) })
  const hosts = aws.sts.requests.slice(before).map(({ host }) => host)
  t.same(hosts, ['sts.eu-west-1.amazonaws.com', 'sts.eu-west-1.amazonaws.com'])
})

void test('a container provides credentials if the profile has none', async (t) => {
  const seen: (string | undefined)[] = []
  const { secretAccessKey, sessionToken } = user('container')
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    const Expiration = new Date(Date.now() + 300_000).toISOString()
    response.end(
      JSON.stringify({
        AccessKeyId: keyId('container'),
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration,
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const environment = await someone(t, {
    AWS_PROFILE: 'bare',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: 'HOME/container-token',
    HTTP_PROXY: 'http://127.0.0.1:1',
  })
  const token = await signIn(aws, { environment })
  t.match(await callerOf(aws, token), caller(user('container').arn))
  t.equal(urlOf(token).host, 'sts.eu-west-3.amazonaws.com')
  t.same(seen, [FILES['container-token']])
  t.ok(token.expiration.getTime() <= Date.now() + 300_000, 'never later than the credentials')
})

void test('static keys and a token open nothing', async (t) => {
  const environment = await someone(t, { ...STATIC, ...REGION })
  const token = await signIn(aws, { environment, createHttpClient: refuseToOpen })
  t.match(await callerOf(aws, token), caller(user('environment').arn))
})

void test('an SSO role that the session has no access to', async (t) => {
  const environment = await someone(t, { ...REGION, AWS_PROFILE: 'sso-other-role' })
  await t.rejects(signIn(aws, { environment }), { code: 'sso_denied', message: /"sso-other-role"/ })
})
