import { spawnSync } from 'node:child_process'
import { test, type Test } from 'tap'
import { request, ProxyAgent } from 'undici'
import { openSession } from './account.ts'
import { CHAINED_ROLE_ARN, ROLE_ARN, USER, USER_KEY_ID, identities, roles } from './example-account.ts'
import { stsCall, type CallOptions } from './example-client.ts'
import { createSandboxAws, startSandboxAws, type InProcessAws } from './sandbox.ts'

const NOW = new Date('2026-01-02T03:04:05.678Z')
const NOW_SECONDS = Math.floor(NOW.getTime() / 1000)
const PARAMETERS = { Action: 'GetWebIdentityToken', 'Audience.member.1': 'k8s.local', SigningAlgorithm: 'ES384' }
const ORGANIZATION = { orgId: 'o-a1b2c3d4e5', ouPath: 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/' }

/** The Python of the system, whose packages apt installs. */
const PYTHON = '/usr/bin/python3'
/** Reads a token, a JWKS, an audience and an issuer, and prints the algorithm and the subject of a sound token. */
const VERIFY = `
import json, sys, jwt
given = json.load(sys.stdin)
header = jwt.get_unverified_header(given["token"])
key = next(key for key in json.loads(given["jwks"])["keys"] if key["kid"] == header["kid"])
claims = jwt.decode(given["token"], jwt.PyJWK(key, header["alg"]).key, algorithms=["RS256", "ES384"],
  audience=given["audience"], issuer=given["issuer"])
print(header["alg"], claims["sub"])
`
const missing = spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status === 0 ? false : 'there is no PyJWT'

type Parameters = Readonly<Record<string, string | undefined>>

function sandbox(): InProcessAws {
  return createSandboxAws({
    identities,
    roles,
    organizations: new Map([[USER.accountId, ORGANIZATION]]),
    now: () => NOW,
  })
}

async function call(aws: InProcessAws, options: CallOptions): Promise<string> {
  const reply = await aws.handle(stsCall({ method: 'POST', ...options, signer: { date: NOW, ...options.signer } }))
  if (reply === 'reset' || typeof reply.body !== 'string') throw new Error('there is no answer in one piece')
  return reply.body
}

/** The text of an element, such as the token; the error code of a refusal. */
function textOf(body: string, name: string): string {
  return new RegExp(`<(?:${name}|Code)>([^<]*)<`).exec(body)?.[1] ?? ''
}

/** Asks for a JWT. A parameter that is undefined is left out. */
async function ask(aws: InProcessAws, more: Parameters = {}, options: CallOptions = {}): Promise<string> {
  const given = Object.entries({ ...PARAMETERS, ...more }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  return textOf(await call(aws, { ...options, parameters: Object.fromEntries(given) }), 'WebIdentityToken')
}

/** Assumes a role and returns its keys. */
async function assume(
  aws: InProcessAws,
  roleArn: string,
  more: Readonly<Record<string, string>> = {},
  signer: CallOptions['signer'] = {},
): Promise<{ readonly answer: string; readonly signer: NonNullable<CallOptions['signer']> }> {
  const parameters = { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'jane', ...more }
  const answer = await call(aws, { parameters, signer })
  const text = (name: string): string => textOf(answer, name)
  const [accessKeyId, secretAccessKey] = [text('AccessKeyId'), text('SecretAccessKey')]
  return { answer, signer: { accessKeyId, secretAccessKey, sessionToken: text('SessionToken') } }
}

function claimsOf(t: Test, token: string): unknown {
  t.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

void test('the claims of a user', async (t) => {
  const aws = sandbox()
  const token = await ask(aws, { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'blue' })
  t.strictSame(claimsOf(t, token), {
    iss: aws.issuers.of(USER.accountId).url,
    aud: 'k8s.local',
    sub: USER.arn,
    iat: NOW_SECONDS,
    exp: NOW_SECONDS + 300,
    jti: property(claimsOf(t, token), 'jti'),
    'https://sts.amazonaws.com/': {
      aws_account: USER.accountId,
      source_region: 'eu-central-1',
      org_id: ORGANIZATION.orgId,
      ou_path: ORGANIZATION.ouPath,
      request_tags: { team: 'blue' },
    },
  })
  t.match(claimsOf(t, await ask(aws, { 'Audience.member.2': 'two' })), { aud: ['k8s.local', 'two'] })
})

void test('a role is named with its path, and its source identity survives a chain of roles', async (t) => {
  const aws = sandbox()
  const reader = aws.sts.roles.get(ROLE_ARN)
  if (reader === undefined) throw new Error('there is no role')
  aws.sts.roles.set(ROLE_ARN, { ...reader, tags: { team: 'blue' } })
  const first = await assume(aws, ROLE_ARN, { SourceIdentity: 'jane' })
  t.equal(textOf(first.answer, 'SourceIdentity'), 'jane')
  t.match(claimsOf(t, await ask(aws, {}, { signer: first.signer })), {
    sub: 'arn:aws:iam::111122223333:role/team/Reader',
    'https://sts.amazonaws.com/': {
      principal_tags: { team: 'blue' },
      source_identity: 'jane',
      original_session_exp: '2026-01-02T04:04:05.000Z',
    },
  })
  const second = await assume(aws, CHAINED_ROLE_ARN, {}, first.signer)
  t.match(claimsOf(t, await ask(aws, {}, { signer: second.signer })), {
    sub: CHAINED_ROLE_ARN,
    'https://sts.amazonaws.com/': { source_identity: 'jane' },
  })
  const person = openSession(
    aws.sts,
    { arn: CHAINED_ROLE_ARN, roleId: 'AROA' },
    'jane',
    new Date(NOW.getTime() + 900_000),
    {
      identityStoreUserId: '9067642ac7-0001',
    },
  )
  const { accessKeyId, identity } = person
  t.match(claimsOf(t, await ask(aws, {}, { signer: { ...identity, accessKeyId } })), {
    'https://sts.amazonaws.com/': { identity_store_user_id: '9067642ac7-0001' },
  })
  const changed = await assume(aws, CHAINED_ROLE_ARN, { SourceIdentity: 'eve' }, first.signer)
  t.match(changed.answer, /AccessDenied.*sts:SetSourceIdentity/)
  aws.sts.roles.set(ROLE_ARN, { ...reader, sourceIdentities: ['jane'] })
  t.match((await assume(aws, ROLE_ARN, { SourceIdentity: 'eve' })).answer, /AccessDenied.*sts:SetSourceIdentity/)
  t.match((await assume(aws, ROLE_ARN, { SourceIdentity: 'e v e' })).answer, /ValidationError/)
})

void test('refusals', async (t) => {
  const aws = sandbox()
  const invalid: readonly Parameters[] = [
    { SigningAlgorithm: undefined },
    { SigningAlgorithm: 'none' },
    { 'Audience.member.1': undefined },
    { 'Audience.member.1': '' },
    { 'Audience.member.1': 'a'.repeat(1001) },
    { DurationSeconds: '59' },
    { DurationSeconds: '3601' },
    { 'Tags.member.1.Key': 'team' },
  ]
  for (const more of invalid) t.equal(await ask(aws, more), 'ValidationError', JSON.stringify(more))
  t.equal(await ask(aws, {}, { host: 'sts.amazonaws.com' }), 'InvalidAction')
  t.equal(await ask(aws, {}, { signer: { secretAccessKey: 'wrong' } }), 'SignatureDoesNotMatch')
  const large = { 'Tags.member.1.Key': 'k', 'Tags.member.1.Value': 'v'.repeat(9000) }
  t.equal(await ask(aws, large), 'JWTPayloadSizeExceededException')

  const { signer } = await assume(aws, ROLE_ARN, { DurationSeconds: '900' })
  t.equal(await ask(aws, { DurationSeconds: '901' }, { signer }), 'SessionDurationEscalationException')
  t.match(claimsOf(t, await ask(aws, { DurationSeconds: '900' }, { signer })), { exp: NOW_SECONDS + 900 })

  aws.sts.identities.set(USER_KEY_ID, { ...USER, audiences: ['other'] })
  t.equal(await ask(aws), 'AccessDenied')
  t.match(await ask(aws, { 'Audience.member.1': 'other' }), /^eyJ/)
  t.equal(await ask(aws, { 'Audience.member.1': 'other', 'Audience.member.2': 'k8s.local' }), 'AccessDenied')
  aws.sts.federation.disabledAccounts.add(USER.accountId)
  t.equal(await ask(aws), 'OutboundWebIdentityFederationDisabledException')
})

void test(
  'PyJWT accepts both algorithms by the published keys, also after a rotation',
  { skip: missing },
  async (t) => {
    const aws = await startSandboxAws({ identities, roles })
    t.teardown(() => aws.close())
    const dispatcher = new ProxyAgent({ uri: aws.proxyUrl, requestTls: { ca: aws.ca } })
    t.teardown(() => dispatcher.close())
    const issuer = aws.issuers.of(USER.accountId)
    const fetchText = async (url: string): Promise<string> => await (await request(url, { dispatcher })).body.text()
    const discovery: unknown = JSON.parse(await fetchText(`${issuer.url}/.well-known/openid-configuration`))
    t.match(discovery, { issuer: issuer.url, id_token_signing_alg_values_supported: ['RS256', 'ES384'] })
    const verify = async (token: string, audience = 'k8s.local'): Promise<string> => {
      const jwks = await fetchText(String(property(discovery, 'jwks_uri')))
      const input = JSON.stringify({ token, jwks, audience, issuer: issuer.url })
      const { stdout, stderr } = spawnSync(PYTHON, ['-c', VERIFY], { input, encoding: 'utf8' })
      return stdout.trim() || (stderr.trim().split('\n').at(-1) ?? '')
    }
    for (const SigningAlgorithm of ['RS256', 'ES384']) {
      const token = await ask(aws, { SigningAlgorithm }, { signer: { date: new Date() } })
      t.equal(await verify(token), `${SigningAlgorithm} ${USER.arn}`)
      t.match(await verify(token, 'other'), /InvalidAudienceError/)
      const [header = '', payload = '', signature = ''] = token.split('.')
      t.match(await verify([header, `${payload.slice(0, -2)}AA`, signature].join('.')), /InvalidSignatureError/)
      issuer.rotate()
      t.equal(await verify(token), `${SigningAlgorithm} ${USER.arn}`, 'the old key is published beside the new one')
      const next = await ask(aws, { SigningAlgorithm }, { signer: { date: new Date() } })
      t.not(next.split('.')[0], header, 'the new key signs')
      t.equal(await verify(next), `${SigningAlgorithm} ${USER.arn}`)
    }
  },
)

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}
