import { test, type Test } from 'tap'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { createSandboxAws, type InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { Route } from '@aws-iam-authenticator/sandbox/aws/wire'
import type { TokenOptions } from '../../src/token.ts'
import { personWith, signIn } from '../person.ts'

const STATIC = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey, AWS_REGION: 'eu-west-1' }
const JWT: NonNullable<TokenOptions['jwt']> = { audience: 'k8s.local', algorithm: 'ES384' }
const SOUND = 'eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'
const SOON = new Date(Date.now() + 900_000).toISOString()

function createAws(): InProcessAws {
  return createSandboxAws({ identities, roles })
}

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** The codes of the errors by error code of AWS, which some services write without `Exception`. */
void test('each refusal has a code', async (t) => {
  const rows = [
    ['AccessDenied', 'jwt_denied'],
    ['AccessDeniedException', 'jwt_denied'],
    ['InvalidAction', 'sts_rejected'],
    ['JWTPayloadSizeExceeded', 'jwt_too_large'],
    ['JWTPayloadSizeExceededException', 'jwt_too_large'],
    ['OutboundWebIdentityFederationDisabled', 'federation_disabled'],
    ['OutboundWebIdentityFederationDisabledException', 'federation_disabled'],
    ['SessionDurationEscalation', 'session_too_short'],
    ['SessionDurationEscalationException', 'session_too_short'],
    ['ExpiredTokenException', 'expired_credentials'],
    ['SomethingNew', 'sts_rejected'],
  ] as const
  for (const [code, expected] of rows) {
    const body = `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`
    const error = await refusalOf(t, answering(403, body))
    t.equal(error, expected, code)
  }
})

void test('an answer without a JWT is not taken for one', async (t) => {
  const rows = [
    answer('', SOON),
    answer('x', SOON),
    answer('a.b', SOON),
    answer('a.b.c d', SOON),
    answer('a.b.c&#10;k8s', SOON),
    answer(`a.b.${'c'.repeat(16_384)}`, SOON),
    answer(SOUND, ''),
    answer(SOUND, 'soon'),
    '<GetWebIdentityTokenResponse/>',
  ]
  for (const body of rows) t.equal(await refusalOf(t, answering(200, body)), 'sts_unreachable', body.slice(0, 120))
  const environment = await personWith(t, { environment: STATIC })
  const sound = await signIn(answering(200, answer(SOUND, SOON)), { environment, jwt: JWT })
  t.equal(sound.token, SOUND)
})

void test('a very short JWT is used for half of its time', async (t) => {
  const aws = createAws()
  const expires = new Date(Date.now() + 62_000)
  aws.sts.identities.set(USER_KEY_ID, { ...USER, sessionToken: 'short', expires })
  const environment = await personWith(t, {
    environment: { ...STATIC, AWS_SESSION_TOKEN: 'short', AWS_CREDENTIAL_EXPIRATION: expires.toISOString() },
  })
  const { expiration } = await signIn(aws, { environment, jwt: JWT })
  const left = expiration.getTime() - Date.now()
  t.ok(left > 25_000 && left <= 31_000, `${left} ms`)
})

void test('the source identity is that of the role', async (t) => {
  const aws = createAws()
  const environment = await personWith(t, { environment: STATIC })
  const { token } = await signIn(aws, { environment, jwt: JWT, roleArn: ROLE_ARN, sourceIdentity: 'jane' })
  t.match(claimsOf(token), { sub: ROLE_ARN, 'https://sts.amazonaws.com/': { source_identity: 'jane' } })
})

function answer(token: string, expiration: string): string {
  return (
    '<GetWebIdentityTokenResponse><GetWebIdentityTokenResult>' +
    `<WebIdentityToken>${token}</WebIdentityToken><Expiration>${expiration}</Expiration>` +
    '</GetWebIdentityTokenResult></GetWebIdentityTokenResponse>'
  )
}

/** A fake AWS whose STS has that answer only. */
function answering(status: number, body: string): InProcessAws {
  const aws = createAws()
  const route: Route = {
    matches: () => true,
    handle: () => Promise.resolve({ status, headers: { 'content-type': 'text/xml' }, body }),
  }
  return { ...aws, handle: route.handle }
}

/** The code of the error, whose message has no JWT. */
async function refusalOf(t: Test, aws: InProcessAws): Promise<unknown> {
  const environment = await personWith(t, { environment: STATIC })
  try {
    await signIn(aws, { environment, jwt: JWT })
    return 'a token'
  } catch (error) {
    t.notMatch(String(error), /eyJ|\n/)
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
