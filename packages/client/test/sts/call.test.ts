import { setImmediate } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { createSandboxAws, type InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { getToken } from '../../src/token.ts'
import type { CredentialsErrorCode } from '../../src/aws/credentials-error.ts'
import type { Environment } from '../../../network/src/environment.ts'
import type { HttpRequestOptions } from '../../../network/src/http-client.ts'
import { NoStsAnswer, StsRefusal } from '../../src/sts/refusal.ts'
import { retryDelay } from '../../src/sts/retry.ts'
import { CLUSTER_ID, personWith, signIn } from '../person.ts'

const STATIC = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey, AWS_REGION: 'eu-west-1' }
const CREDENTIALS =
  '<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t+/=</SessionToken>' +
  '<Expiration>2999-01-01T00:00:00Z</Expiration>'

function startAws(): InProcessAws {
  return createSandboxAws({ identities, roles })
}

async function person(t: Test, environment: Environment): Promise<Environment> {
  const own = { ...STATIC, AWS_MAX_ATTEMPTS: undefined, ...environment }
  return Object.fromEntries(Object.entries(await personWith(t, { environment: own })))
}

function connectionFailure(code: string): Error {
  return new Error('no', { cause: Object.assign(new Error('no'), { code }) })
}

function refusal(code: string, message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
}

function regionOf(request: HttpRequestOptions | undefined): string | undefined {
  return /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request?.headers['authorization'] ?? '')?.[1]
}

function answerOf(credentials: string): string {
  return `<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`
}

/** Assumes the role while AWS returns these answers in turn. Returns the requests. */
async function answered(
  environment: Environment,
  ...answers: readonly (readonly [statusCode: number, text: string])[]
): Promise<HttpRequestOptions[]> {
  const asked: HttpRequestOptions[] = []
  await getToken({
    clusterId: CLUSTER_ID,
    roleArn: ROLE_ARN,
    environment,
    createHttpClient: async () => ({
      request: async (request) => {
        const [statusCode, text] = answers[asked.length] ?? [500, '']
        asked.push(request)
        return {
          statusCode,
          headers: {},
          body: (async function* () {
            await setImmediate()
            yield Buffer.from(text)
          })(),
        }
      },
      destroy: async () => undefined,
    }),
  })
  return asked
}

void test('the number of attempts after a failure', async (t) => {
  const rows: readonly (readonly [
    fault: Parameters<InProcessAws['faults']['set']>[0],
    environment: Environment,
    calls: number,
  ])[] = [
    ['error500', {}, 3],
    ['reset', {}, 3],
    ['error500', { AWS_MAX_ATTEMPTS: '1' }, 1],
    ['error500', { AWS_MAX_ATTEMPTS: '0' }, 1],
    ['error500', { AWS_MAX_ATTEMPTS: '5' }, 5],
    ['throttle', { AWS_MAX_ATTEMPTS: '2' }, 2],
    ['rubbish', {}, 1],
    ['redirect', {}, 1],
    ['huge', {}, 1],
  ]
  for (const [fault, environment, calls] of rows) {
    const aws = startAws()
    aws.faults.set(fault)
    await t.rejects(signIn(aws, { environment: await person(t, environment), roleArn: ROLE_ARN }))
    t.equal(aws.sts.requests.length, calls, `${fault} ${JSON.stringify(environment)}`)
  }
  const refused = startAws()
  await t.rejects(signIn(refused, { environment: await person(t, {}), roleArn: `${ROLE_ARN}-gone` }))
  t.equal(refused.sts.requests.length, 1, 'a refusal is an answer')
})

void test('max_attempts of the profile applies if the variable is not set; an invalid number is reported', async (t) => {
  const files = { '.aws/config': '[default]\nmax_attempts = 2\n[profile odd]\nmax_attempts = many\n' }
  const aws = startAws()
  aws.faults.set('error500')
  const environment = await personWith(t, { files, environment: STATIC })
  const { AWS_MAX_ATTEMPTS: _, ...without } = environment
  await t.rejects(signIn(aws, { environment: without, roleArn: ROLE_ARN }))
  t.equal(aws.sts.requests.length, 2)
  const invalid = { code: 'invalid_settings' }
  const inVariable = signIn(aws, { environment: { ...environment, AWS_MAX_ATTEMPTS: 'x' }, roleArn: ROLE_ARN })
  await t.rejects(inVariable, { ...invalid, message: /^AWS_MAX_ATTEMPTS is "x"/ })
  const inProfile = signIn(aws, { environment: { ...without, AWS_PROFILE: 'odd' }, roleArn: ROLE_ARN })
  await t.rejects(inProfile, { ...invalid, message: /^max_attempts of profile "odd" is "many"/ })
})

void test('retryable failures and their delays', (t) => {
  const longest = 1
  const rows: readonly (readonly [error: unknown, delays: readonly (number | undefined)[]])[] = [
    [new StsRefusal(400, 'Throttling', ''), [1000, 2000, 4000]],
    [new StsRefusal(503, 'Throttling', ''), [1000, 2000, 4000]],
    [new StsRefusal(429, 'Other', ''), [1000, 2000, 4000]],
    [new NoStsAnswer(429), [1000, 2000, 4000]],
    [new StsRefusal(500, 'InternalFailure', ''), [50, 100, 200]],
    [new NoStsAnswer(502), [50, 100, 200]],
    [connectionFailure('ECONNRESET'), [50, 100, 200]],
    [connectionFailure('EAI_AGAIN'), [50, 100, 200]],
    [new StsRefusal(403, 'AccessDenied', ''), [undefined]],
    [new StsRefusal(501, 'NotImplemented', ''), [undefined]],
    [new NoStsAnswer(200), [undefined]],
    [connectionFailure('DEPTH_ZERO_SELF_SIGNED_CERT'), [undefined]],
    [new Error('no answer within 10 s'), [undefined]],
    ['text', [undefined]],
  ]
  for (const [error, delays] of rows) {
    t.same(
      delays.map((_, index) => retryDelay(error, index + 1, () => longest)),
      delays,
      String(error),
    )
  }
  t.equal(
    retryDelay(new NoStsAnswer(500), 40, () => longest),
    20_000,
  )
  t.equal(
    retryDelay(new NoStsAnswer(500), 1, () => 0),
    0,
  )
  t.end()
})

void test('an answer is accepted only if it is complete', async (t) => {
  const environment = await person(t, {})
  const [request] = await answered(environment, [200, answerOf(CREDENTIALS)])
  t.match(request, {
    origin: 'https://sts.eu-west-1.amazonaws.com',
    path: '/',
    method: 'POST',
    body: `Action=AssumeRole&Version=2011-06-15&RoleArn=${encodeURIComponent(ROLE_ARN)}&RoleSessionName=aws-iam-authenticator-`,
    headers: { authorization: /^AWS4-HMAC-SHA256 .*SignedHeaders=content-type;host;/ },
  })
  const wrong = [
    answerOf(CREDENTIALS.replace('<SessionToken>t+/=</SessionToken>', '')),
    answerOf(CREDENTIALS.replace('<AccessKeyId>ASIAEXAMPLE</AccessKeyId>', '<AccessKeyId/>')),
    answerOf(CREDENTIALS.replace('2999-01-01T00:00:00Z', 'tomorrow')),
    answerOf(CREDENTIALS + CREDENTIALS),
    answerOf(CREDENTIALS.replace('ASIAEXAMPLE', 'ASIA/EXAMPLE')),
    answerOf(CREDENTIALS.replace('ASIAEXAMPLE', 'A'.repeat(129))),
    answerOf(CREDENTIALS.replace('t+/=', 't&#13;&#10;x-evil: 1')),
    answerOf(CREDENTIALS.replace('t+/=', 't\u202e')),
    answerOf(CREDENTIALS.replace('t+/=', 't'.repeat(16_385))),
    answerOf(CREDENTIALS.replace('>s<', '>s\u001b<')),
    answerOf(CREDENTIALS).slice(0, -1),
    answerOf(CREDENTIALS).replaceAll('AssumeRole', 'AssumeRoot'),
    '{"AssumeRoleResponse":{}}',
    '',
  ]
  for (const text of wrong) {
    const failure = answered(environment, [200, text])
    await t.rejects(failure, { code: 'sts_unreachable', message: /does not speak its protocol/ }, text)
  }
  await t.rejects(answered(environment, [403, answerOf(CREDENTIALS)]), { code: 'sts_unreachable' }, 'by its status')
})

void test('a refusal quotes AWS in one line', async (t) => {
  const environment = await person(t, {})
  const rows: readonly (readonly [statusCode: number, text: string, code: CredentialsErrorCode, message: RegExp])[] = [
    [
      403,
      refusal('AccessDenied', 'a &quot;b&quot;\n&amp;\tc'),
      'assume_role_denied',
      /AWS says "a "b" & c"; the role's/,
    ],
    [
      400,
      refusal('PackedPolicyTooLarge', 'too large'),
      'sts_rejected',
      /AWS answered PackedPolicyTooLarge: too large$/,
    ],
    [403, refusal('RegionDisabledException', ''), 'sts_rejected', /AWS answered RegionDisabledException: $/],
    [403, refusal('ExpiredToken', 'old'), 'expired_credentials', /have expired/],
    [403, refusal('', 'no code'), 'sts_unreachable', /does not speak its protocol/],
    [403, '<html><body>Blocked</body></html>', 'sts_unreachable', /does not speak its protocol/],
  ]
  for (const [statusCode, text, code, message] of rows) {
    await t.rejects(answered(environment, [statusCode, text]), { code, message }, text)
  }
})

void test('a failure that a retry fixes is not reported', async (t) => {
  const environment = await person(t, {})
  const asked = await answered(environment, [503, '<html>'], [200, answerOf(CREDENTIALS)])
  t.equal(asked.length, 2)
})

void test('a custom endpoint: its path and its signing region', async (t) => {
  const url = 'http://localhost:4566/sts'
  const rows: readonly (readonly [environment: Environment, region: string])[] = [
    [{}, 'eu-west-1'],
    [{ AWS_STS_REGIONAL_ENDPOINTS: 'legacy' }, 'eu-west-1'],
    [{ AWS_REGION: 'aws-global' }, 'us-east-1'],
  ]
  for (const [extra, region] of rows) {
    const environment = await person(t, { AWS_ENDPOINT_URL_STS: url, ...extra })
    const [request] = await answered(environment, [200, answerOf(CREDENTIALS)])
    t.match(request, { origin: 'http://localhost:4566', path: '/sts' })
    t.equal(regionOf(request), region)
  }
  const invalid = { code: 'invalid_settings', message: /^the endpoint URL of STS is / }
  for (const bad of [
    { AWS_ENDPOINT_URL: 'sts' },
    { AWS_ENDPOINT_URL: 'ftp://sts.example' },
    { AWS_ENDPOINT_URL: url, AWS_USE_FIPS_ENDPOINT: 'true' },
    { AWS_ENDPOINT_URL: url, AWS_USE_DUALSTACK_ENDPOINT: 'true' },
  ]) {
    await t.rejects(answered(await person(t, bad), [200, answerOf(CREDENTIALS)]), invalid, JSON.stringify(bad))
  }
})
