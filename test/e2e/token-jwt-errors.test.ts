import t, { type Test } from 'tap'
import {
  identities,
  MFA_ROLE_ARN,
  MFA_SERIAL,
  ROLE_ARN,
  roles,
  USER,
  USER_KEY_ID,
} from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { Finished, Environment } from './harness/command.ts'
import { decodeJwt } from './harness/decode-jwt.ts'
import { USER_KEYS } from './harness/person.ts'
import { asked, KEYS_PROFILE, personAtHome, runToken, tokenOf } from './harness/token.ts'

const JWT = '--token-type=jwt'

async function start(t: Test): Promise<{ aws: SandboxAws; person: Environment }> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return { aws, person: personAtHome(t, {}, aws.environment, USER_KEYS) }
}

/** Asserts an error of one line without a token or a secret, and returns it. */
function errorOf(t: Test, { code, stdout, stderr }: Finished): string {
  t.same({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /^[^\n]+\n$/)
  t.notMatch(stderr, /eyJ/)
  t.notOk(stderr.includes(USER.secretAccessKey))
  return stderr.trim()
}

t.test('an account without federation: the command that enables it', async (t) => {
  const { aws, person } = await start(t)
  aws.sts.federation.disabledAccounts.add(USER.accountId)
  t.equal(
    errorOf(t, await runToken([JWT, '-r', ROLE_ARN, '--cache'], person)),
    `could not get token: the account of the credentials from role ${ROLE_ARN} has not enabled outbound web identity ` +
      'federation: an administrator must run "aws iam enable-outbound-web-identity-federation" once',
  )
  aws.sts.federation.disabledAccounts.clear()
  decodeJwt(t, aws, tokenOf(t, await runToken([JWT, '-r', ROLE_ARN, '--cache'], person), 'enabled'))
})

t.test('an identity that is not allowed: the statement to add', async (t) => {
  const { aws, person } = await start(t)
  aws.sts.identities.set(USER_KEY_ID, { ...USER, audiences: ['other'] })
  const error = errorOf(t, await runToken([JWT], person))
  t.match(
    error,
    /not allowed to get a JWT for audience "k8s.local" with the credentials from the environment .*; add to/,
  )
  const statement: unknown = JSON.parse(error.slice(error.indexOf('{')))
  t.strictSame(statement, {
    Effect: 'Allow',
    Action: 'sts:GetWebIdentityToken',
    Resource: '*',
    Condition: { 'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': ['k8s.local'] } },
  })
  decodeJwt(t, aws, tokenOf(t, await runToken([JWT, '--audience=other'], person), 'allowed'))
})

t.test('the global endpoint: what to set, before anyone is asked for an MFA code', async (t) => {
  const { aws } = await start(t)
  const config = `${KEYS_PROFILE}[profile mfa]\nrole_arn = ${MFA_ROLE_ARN}\nsource_profile = keys\nmfa_serial = ${MFA_SERIAL}\n`
  const person = personAtHome(t, { '.aws/config': config }, aws.environment, { AWS_PROFILE: 'mfa' })
  const rows: readonly (readonly [environment: Environment, args: readonly string[], says: RegExp])[] = [
    [{ AWS_STS_REGIONAL_ENDPOINTS: 'legacy' }, [], /is legacy: set AWS_STS_REGIONAL_ENDPOINTS=regional$/],
    [{ AWS_REGION: 'aws-global' }, [], /"aws-global" of AWS_REGION leads there: name a region, such as us-east-1$/],
    [{}, ['--region=aws-global'], /"aws-global" of --region leads there: name a region/],
    [{ AWS_ENDPOINT_URL_STS: 'https://sts.amazonaws.com' }, [], /set it to https:\/\/sts.eu-west-1.amazonaws.com$/],
  ]
  for (const [environment, args, says] of rows) {
    const error = errorOf(t, await runToken([JWT, ...args], { ...person, ...environment }))
    t.match(error, /^could not get token: the global endpoint of STS does not sign JWTs, and /)
    t.match(error, says)
  }
  t.same(asked(aws), [])
})

t.test('the regional endpoint follows the settings', async (t) => {
  const { aws, person } = await start(t)
  const rows: readonly (readonly [environment: Environment, args: readonly string[], host: string])[] = [
    [{ AWS_REGION: 'us-east-1' }, [], 'sts.us-east-1.amazonaws.com'],
    [{ AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-north-1' }, [], 'sts.eu-north-1.amazonaws.com'],
    [{ AWS_REGION: '' }, [], 'sts.us-east-1.amazonaws.com'],
    [{ AWS_STS_REGIONAL_ENDPOINTS: 'regional' }, ['--region=us-west-2'], 'sts.us-west-2.amazonaws.com'],
    [{ AWS_USE_FIPS_ENDPOINT: 'true' }, ['--region=us-west-2'], 'sts-fips.us-west-2.amazonaws.com'],
    [{ AWS_USE_DUALSTACK_ENDPOINT: 'true' }, [], 'sts.eu-west-1.api.aws'],
    [{ AWS_STS_REGIONAL_ENDPOINTS: 'legacy' }, ['--region=eu-south-1'], 'sts.eu-south-1.amazonaws.com'],
  ]
  for (const [environment, args, host] of rows) {
    tokenOf(t, await runToken([JWT, ...args], { ...person, ...environment }), host)
    t.equal(aws.sts.requests.at(-1)?.host, host)
  }
})

t.test('a session that ends within a minute', async (t) => {
  const { aws, person } = await start(t)
  const expires = new Date(Date.now() + 45_000)
  aws.sts.identities.set('ASIASHORTSHORTSHORTS', { ...USER, sessionToken: 'short', expires })
  const session = {
    AWS_ACCESS_KEY_ID: 'ASIASHORTSHORTSHORTS',
    AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
    AWS_SESSION_TOKEN: 'short',
  }
  const known = { ...session, AWS_CREDENTIAL_EXPIRATION: expires.toISOString() }
  const says =
    /: session too short: the credentials from the environment .* expire.* in less than 60 s, .*: renew them$/
  const one = errorOf(t, await runToken([JWT], { ...person, ...known }))
  t.match(one, says)
  t.match(one, expires.toISOString())
  t.same(asked(aws), [], 'there is nothing to ask')
  t.match(errorOf(t, await runToken([JWT], { ...person, ...session })), says)
  t.equal(asked(aws).length, 5, 'asked for 900, 450, 225, 112 and 60 s')
})

t.test('a payload that is too large', async (t) => {
  const { aws, person } = await start(t)
  const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key-${index}`, 'v'.repeat(256)]))
  aws.sts.identities.set(USER_KEY_ID, { ...USER, tags })
  t.match(
    errorOf(t, await runToken([JWT], person)),
    /a JWT for the credentials from .* is too large for AWS, .*: remove tags$/,
  )
})

t.test('a source identity that the trust policy does not allow', async (t) => {
  const { aws, person } = await start(t)
  const role = roles.get(ROLE_ARN)
  if (role === undefined) throw new Error('there is no role')
  aws.sts.roles.set(ROLE_ARN, { ...role, sourceIdentities: ['jane'] })
  const args = [JWT, '-r', ROLE_ARN, '--source-identity']
  t.match(
    errorOf(t, await runToken([...args, 'eve'], person)),
    /not allowed to assume .*; the role's trust policy must allow that identity, and sts:SetSourceIdentity with the source identity "eve"/,
  )
  tokenOf(t, await runToken([...args, 'jane'], person), 'allowed')
})

t.test('other answers of AWS are explained as for other calls', async (t) => {
  const { aws, person } = await start(t)
  const wrong = await runToken([JWT], { ...person, AWS_SECRET_ACCESS_KEY: 'wrong' })
  t.match(errorOf(t, wrong), /AWS refuses the signature made with the credentials from the environment/)
  const rows = [
    ['throttle', /AWS is throttling requests \(Throttling\): try again in a moment/],
    ['error500', /AWS can't answer now \(InternalFailure\): try again in a moment/],
    ['rubbish', /the answer is not from AWS and does not speak its protocol/],
    ['redirect', /the answer is not from AWS and does not speak its protocol/],
    ['huge', /the answer is not from AWS and does not speak its protocol/],
    ['wrongShape', /the answer is not from AWS and does not speak its protocol/],
    ['reset', /cannot reach sts.eu-west-1.amazonaws.com: /],
  ] as const
  for (const [fault, says] of rows) {
    aws.faults.set(fault)
    t.match(errorOf(t, await runToken([JWT], person)), says, fault)
  }
  aws.faults.clear()
  aws.faults.set('resetOnce')
  decodeJwt(t, aws, tokenOf(t, await runToken([JWT], person), 'asked again'))
})

t.test('flags that need each other', async (t) => {
  const { aws, person } = await start(t)
  const rows: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['--audience=other'], /--audience is for a JWT: give --token-type=jwt too/],
    [['--source-identity=jane'], /--source-identity is for a role to assume: give --role too/],
    [['--token-type=jwe'], /"jwe" is none of presigned, jwt/],
    [['--signing-algorithm=none'], /"none" is none of ES384, RS256/],
    [['--source-identity=j', '-r', ROLE_ARN], /"j" is not 2 to 64 letters/],
    [[JWT, '--audience', 'x'.repeat(1001)], /is longer than 1000 characters/],
  ]
  for (const [args, says] of rows) t.match(errorOf(t, await runToken(args, person)), says)
  t.same(asked(aws), [])
})
