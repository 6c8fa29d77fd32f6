import { partitionOfRegion } from '@aws-iam-authenticator/core/aws/partition'
import { test } from 'tap'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { Fault } from '@aws-iam-authenticator/sandbox/aws/faults'
import { createSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { CredentialsErrorCode } from '../../src/aws/credentials-error.ts'
import type { Environment } from '../../../network/src/environment.ts'
import { caller, callerOf, personWith, signIn, urlOf } from '../person.ts'

const GUARDED_ARN = 'arn:aws:iam::111122223333:role/guarded'
const CLOSED_ARN = 'arn:aws:iam::111122223333:role/closed'
const MFA_ARN = 'arn:aws:iam::111122223333:role/mfa'
const SERIAL = 'arn:aws:iam::111122223333:mfa/alice'
const STATIC = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey, AWS_REGION: 'eu-west-1' }
const MFA_PROFILE = `
[profile mfa]
role_arn = ${MFA_ARN}
mfa_serial = ${SERIAL}
source_profile = keys

[profile keys]
aws_access_key_id = ${USER_KEY_ID}
aws_secret_access_key = ${USER.secretAccessKey}
`

function createAws(): ReturnType<typeof createSandboxAws> {
  return createSandboxAws({
    identities,
    roles: new Map([
      ...roles,
      [GUARDED_ARN, { roleId: 'AROAGUARDED', trusts: [USER.arn], externalId: 'shared' }],
      [CLOSED_ARN, { roleId: 'AROACLOSED', trusts: [] }],
      [MFA_ARN, { roleId: 'AROAMFA', trusts: [USER.arn], mfa: { serial: SERIAL, code: '123456' } }],
    ]),
  })
}

void test('a token for the role has the given names', async (t) => {
  const aws = createAws()
  const environment = await personWith(t, { environment: STATIC })
  const named = await signIn(aws, { environment, roleArn: ROLE_ARN, sessionName: 'alice@example.com' })
  t.match(await callerOf(aws, named), caller(/:assumed-role\/Reader\/alice@example\.com$/))
  const unnamed = await signIn(aws, { environment, roleArn: ROLE_ARN })
  t.match(await callerOf(aws, unnamed), caller(/:assumed-role\/Reader\/aws-iam-authenticator-\d{13}$/))
  const guarded = await signIn(aws, { environment, roleArn: GUARDED_ARN, externalId: 'shared' })
  t.match(await callerOf(aws, guarded), caller(/:assumed-role\/guarded\//))
})

void test('a session lasts 15 minutes, so that the token expires 14 minutes after signing', async (t) => {
  const aws = createAws()
  const before = Date.now()
  const { expiration } = await signIn(aws, {
    environment: await personWith(t, { environment: STATIC }),
    roleArn: ROLE_ARN,
  })
  const session = [...aws.sts.identities.values()].find(({ roleArn }) => roleArn === ROLE_ARN)
  t.ok((session?.expires?.getTime() ?? Infinity) <= Date.now() + 15 * 60_000)
  t.ok(expiration.getTime() >= before + 14 * 60_000 && expiration.getTime() <= Date.now() + 14 * 60_000)
})

void test('external id and session name have no effect without a role', async (t) => {
  const aws = createAws()
  const environment = await personWith(t, { environment: STATIC })
  const token = await signIn(aws, { environment, externalId: 'shared', sessionName: 'alice' })
  t.match(await callerOf(aws, token), caller(USER.arn))
})

void test('the same settings choose the host to call and the host of the token', async (t) => {
  const cases: readonly (readonly [environment: Environment, host: string, region?: string])[] = [
    [{}, 'sts.eu-west-1.amazonaws.com'],
    [{ AWS_REGION: 'us-gov-west-1' }, 'sts.us-gov-west-1.amazonaws.com'],
    [{ AWS_REGION: 'cn-north-1' }, 'sts.cn-north-1.amazonaws.com.cn'],
    [{ AWS_REGION: 'us-east-2', AWS_USE_FIPS_ENDPOINT: 'true' }, 'sts-fips.us-east-2.amazonaws.com'],
    [{ AWS_REGION: 'us-gov-west-1', AWS_USE_FIPS_ENDPOINT: 'true' }, 'sts.us-gov-west-1.amazonaws.com'],
    [{ AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'sts.eu-west-1.api.aws'],
    [{ AWS_USE_DUALSTACK_ENDPOINT: 'true', AWS_USE_FIPS_ENDPOINT: 'true' }, 'sts-fips.eu-west-1.api.aws'],
    [{ AWS_STS_REGIONAL_ENDPOINTS: 'legacy' }, 'sts.amazonaws.com'],
    [{ AWS_REGION: 'eu-south-1', AWS_STS_REGIONAL_ENDPOINTS: 'legacy' }, 'sts.eu-south-1.amazonaws.com'],
    [{ AWS_REGION: 'aws-global' }, 'sts.amazonaws.com'],
    [{}, 'sts.ap-south-1.amazonaws.com', 'ap-south-1'],
  ]
  for (const [extra, host, region] of cases) {
    await t.test(`${host} ${JSON.stringify(extra)}`, async (c) => {
      const environment = await personWith(c, { environment: { ...STATIC, ...extra } })
      const { id } = partitionOfRegion(region ?? environment['AWS_REGION'] ?? '')
      const moved = (arn: string): string => arn.replace('arn:aws:', `arn:${id}:`)
      const aws = createSandboxAws({
        identities: new Map([[USER_KEY_ID, { ...USER, arn: moved(USER.arn) }]]),
        roles: new Map([[moved(ROLE_ARN), { roleId: 'AROAREADER', trusts: [moved(USER.arn)] }]]),
      })
      const token = await signIn(aws, { environment, roleArn: moved(ROLE_ARN), region })
      c.same(
        aws.sts.requests.map((request) => [request.action, request.host]),
        [['AssumeRole', host]],
      )
      c.equal(urlOf(token).host, host)
      c.match(await callerOf(aws, token), caller(/:assumed-role\/Reader\//))
    })
  }
})

void test('AWS_ENDPOINT_URL_STS is called, and the token names the real host', async (t) => {
  const aws = createAws()
  const environment = await personWith(t, {
    environment: { ...STATIC, AWS_ENDPOINT_URL_STS: 'https://sts.eu-west-1.amazonaws.com:8443' },
  })
  const token = await signIn(aws, { environment, roleArn: ROLE_ARN })
  t.equal(aws.sts.requests[0]?.host, 'sts.eu-west-1.amazonaws.com:8443')
  t.equal(urlOf(token).host, 'sts.eu-west-1.amazonaws.com')
})

void test('a refusal names the caller and the role', async (t) => {
  const environment = await personWith(t, { environment: STATIC })
  for (const roleArn of [CLOSED_ARN, GUARDED_ARN, 'arn:aws:iam::111122223333:role/nobody']) {
    await t.rejects(signIn(createAws(), { environment, roleArn }), {
      code: 'assume_role_denied',
      message: new RegExp(`${roleArn} .*AWS_ACCESS_KEY_ID.*${USER.arn}`),
    })
  }
  const badName = signIn(createAws(), { environment, roleArn: ROLE_ARN, sessionName: 'not a name' })
  await t.rejects(badName, { code: 'sts_rejected', message: /ValidationError.*roleSessionName/ })
  const badSecret = { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' }
  await t.rejects(signIn(createAws(), { environment: badSecret, roleArn: ROLE_ARN }), {
    code: 'sts_rejected',
    message: /secret access key.*clock/,
  })
})

void test('errors in the answer or on the way to it', async (t) => {
  const cases: readonly (readonly [Fault, CredentialsErrorCode])[] = [
    ['throttle', 'sts_throttled'],
    ['throttle503', 'sts_throttled'],
    ['error500', 'sts_unreachable'],
    ['reset', 'sts_unreachable'],
    ['rubbish', 'sts_unreachable'],
    ['redirect', 'sts_unreachable'],
    ['huge', 'sts_unreachable'],
    ['wrongShape', 'sts_unreachable'],
  ]
  for (const [fault, code] of cases) {
    await t.test(fault, async (c) => {
      const aws = createAws()
      aws.faults.set(fault)
      const environment = await personWith(c, { environment: STATIC })
      await c.rejects(signIn(aws, { environment, roleArn: ROLE_ARN }), { code })
    })
  }
})

void test('a broken connection is retried', async (t) => {
  const aws = createAws()
  aws.faults.set('resetOnce')
  const environment = await personWith(t, { environment: { ...STATIC, AWS_MAX_ATTEMPTS: '2' } })
  await t.resolves(signIn(aws, { environment, roleArn: ROLE_ARN }))
  t.equal(aws.sts.requests.length, 2)
})

void test('the MFA code is asked for if a profile requires one', async (t) => {
  const aws = createAws()
  const files = { '.aws/config': MFA_PROFILE }
  const environment = await personWith(t, { files, environment: { AWS_REGION: 'eu-west-1', AWS_PROFILE: 'mfa' } })
  const serials: string[] = []
  const mfaCodeProvider = (serial: string): Promise<string> => {
    serials.push(serial)
    return Promise.resolve('123456')
  }
  const token = await signIn(aws, { environment, mfaCodeProvider })
  t.match(await callerOf(aws, token), caller(/:assumed-role\/mfa\//))
  t.same(serials, [SERIAL])
  const wrongCode = signIn(aws, { environment, mfaCodeProvider: () => Promise.resolve('000000') })
  await t.rejects(wrongCode, { code: 'mfa_rejected' })
  const nobody = signIn(aws, { environment, mfaCodeProvider: () => Promise.resolve(undefined) })
  await t.rejects(nobody, { code: 'mfa_required' })
})
