import { test } from 'tap'
import {
  CHAINED_ROLE_ARN,
  MFA_ROLE_ARN,
  MFA_SERIAL,
  PARTNER_ROLE_ARN,
  ROLE_ARN,
  USER,
  USER_KEY_ID,
  WEB_IDENTITY_ROLE_ARN,
  identities,
  roles,
} from './example-account.ts'
import { stsCall, type CallOptions } from './example-client.ts'
import { createSandboxAws, type InProcessAws } from './sandbox.ts'
import type { Answer, WireRequest } from './wire.ts'

const JSON_PLEASE = { accept: 'application/json' }
const NOW = new Date('2026-01-02T03:04:05.678Z')

void test('GetCallerIdentity in JSON, with both ways of signing', async (t) => {
  const aws = sandbox()
  for (const method of ['GET', 'POST'] as const) {
    const answer = await ask(aws, { method, headers: JSON_PLEASE })
    t.equal(answer.status, 200)
    t.match(answer.headers, { 'content-type': 'application/json', 'x-amzn-requestid': /^[0-9a-f-]{36}$/ })
    t.match(json(answer), {
      GetCallerIdentityResponse: {
        GetCallerIdentityResult: { Account: USER.accountId, Arn: USER.arn, UserId: USER.userId },
        ResponseMetadata: { RequestId: /^[0-9a-f-]{36}$/ },
      },
    })
  }
})

void test('GetCallerIdentity and a refusal in XML', async (t) => {
  const aws = sandbox()
  t.match(
    (await ask(aws)).body,
    new RegExp(
      '^<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
        `<Arn>${USER.arn}</Arn><UserId>${USER.userId}</UserId><Account>${USER.accountId}</Account>` +
        '</GetCallerIdentityResult><ResponseMetadata><RequestId>[0-9a-f-]{36}</RequestId></ResponseMetadata>' +
        '</GetCallerIdentityResponse>\n$',
    ),
  )
  const refusal = await ask(aws, { parameters: { Action: '<&>' } })
  t.equal(refusal.status, 400)
  t.equal(refusal.headers['content-type'], 'text/xml')
  t.match(
    refusal.body,
    new RegExp(
      '^<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
        '<Code>InvalidAction</Code><Message>.*&lt;&amp;&gt;.*</Message></Error>' +
        '<RequestId>[0-9a-f-]{36}</RequestId></ErrorResponse>\n$',
    ),
  )
})

void test('hosts accept signatures for their own region and keys of their own partition', async (t) => {
  const aws = sandbox()
  const good = [
    'sts.amazonaws.com',
    'sts.us-east-1.amazonaws.com',
    'sts-fips.us-east-1.amazonaws.com',
    'sts.eu-west-1.api.aws',
    'STS.eu-west-1.amazonaws.com:443',
  ]
  for (const host of good) t.equal(await code(aws, { host }), 'ok', host)
  const host = 'sts.eu-west-1.amazonaws.com'
  t.equal(await code(aws, { host, signer: { region: 'eu-west-2' } }), '403 SignatureDoesNotMatch')
  t.equal(await code(aws, { host: 'sts.amazonaws.com', signer: { region: 'eu-west-2' } }), '403 SignatureDoesNotMatch')
  for (const foreign of [
    'sts.cn-north-1.amazonaws.com.cn',
    'sts.us-gov-west-1.amazonaws.com',
    'sts.eusc-de-east-1.amazonaws.eu',
  ]) {
    t.equal(await code(aws, { host: foreign }), '403 InvalidClientTokenId', foreign)
  }
  for (const unknown of ['sts.example.com', 'iam.amazonaws.com', 'sts.eu-west-1.amazonaws.com.evil.com']) {
    t.equal((await ask(aws, { host: unknown })).status, 404, unknown)
  }
})

void test('rejected keys', async (t) => {
  const aws = sandbox()
  aws.sts.identities.set('ASIAOLDOLDOLDOLDOLDO', { ...USER, sessionToken: 'old', expires: NOW })
  const old = { accessKeyId: 'ASIAOLDOLDOLDOLDOLDO', sessionToken: 'old' }
  t.equal(await code(aws, { signer: { accessKeyId: 'AKIANOBODYNOBODYNOBO' } }), '403 InvalidClientTokenId')
  t.equal(await code(aws, { signer: { secretAccessKey: 'other' } }), '403 SignatureDoesNotMatch')
  t.equal(await code(aws, { signer: { sessionToken: 'none of mine' } }), '403 InvalidClientTokenId')
  t.equal(await code(aws, { signer: { accessKeyId: old.accessKeyId } }), '403 InvalidClientTokenId')
  t.equal(await code(aws, { signer: old }), '403 ExpiredToken')
  t.equal(await code(aws, { signer: { date: new Date(NOW.getTime() - 16 * 60_000) } }), '403 SignatureDoesNotMatch')
  t.equal(await code(aws, { signer: { date: new Date(NOW.getTime() + 6 * 60_000) } }), '403 SignatureDoesNotMatch')
  const unsigned = { ...stsCall({ headers: JSON_PLEASE }), query: 'Action=GetCallerIdentity' }
  t.equal(codeOf(await send(aws, unsigned)), '403 MissingAuthenticationToken')
})

void test('a second parameter in another case does not change the caller', async (t) => {
  const aws = sandbox()
  const request = stsCall({
    headers: JSON_PLEASE,
    parameters: { 'x-amz-credential': 'AKIANOBODYNOBODYNOBO' },
    signer: { date: NOW },
  })
  t.match(json(await send(aws, request)), {
    GetCallerIdentityResponse: { GetCallerIdentityResult: { Arn: USER.arn } },
  })
})

void test('AssumeRole by GET and POST, and the use of its credentials', async (t) => {
  for (const method of ['GET', 'POST'] as const) {
    const aws = sandbox()
    const answer = await ask(aws, { method, headers: JSON_PLEASE, parameters: assume(ROLE_ARN) })
    t.equal(answer.status, 200)
    const arn = 'arn:aws:sts::111122223333:assumed-role/Reader/my-session'
    const [accessKeyId, session] = [...aws.sts.identities].find(([id]) => id !== USER_KEY_ID) ?? []
    if (accessKeyId === undefined || session?.sessionToken === undefined) throw new Error('there is no session')
    t.match(json(answer), {
      AssumeRoleResponse: {
        AssumeRoleResult: {
          AssumedRoleUser: { Arn: arn, AssumedRoleId: 'AROAREADERREADERREADER:my-session' },
          Credentials: {
            AccessKeyId: accessKeyId,
            SecretAccessKey: session.secretAccessKey,
            SessionToken: session.sessionToken,
            Expiration: Math.floor(NOW.getTime() / 1000) + 3600,
          },
        },
        ResponseMetadata: { RequestId: /^[0-9a-f-]{36}$/ },
      },
    })
    const { secretAccessKey, sessionToken } = session
    const signer = { accessKeyId, secretAccessKey, sessionToken }
    t.match(json(await ask(aws, { headers: JSON_PLEASE, signer })), {
      GetCallerIdentityResponse: { GetCallerIdentityResult: { Arn: arn, UserId: 'AROAREADERREADERREADER:my-session' } },
    })
    t.equal(await code(aws, { signer, parameters: assume(CHAINED_ROLE_ARN) }), 'ok', 'chained')
    const long = { ...assume(CHAINED_ROLE_ARN), DurationSeconds: '3601' }
    t.equal(await code(aws, { signer, parameters: long }), '400 ValidationError', 'chained for too long')
  }
})

void test('the expiration of a session in XML', async (t) => {
  const { body } = await ask(sandbox(), { parameters: { ...assume(ROLE_ARN), DurationSeconds: '900' } })
  t.match(body, /<Expiration>2026-01-02T03:19:05\.000Z<\/Expiration>/)
})

void test('conditions of AssumeRole', async (t) => {
  const aws = sandbox()
  const attempt = (arn: string, more: Record<string, string> = {}): Promise<string> =>
    code(aws, { parameters: { ...assume(arn), ...more } })
  t.equal(await attempt('arn:aws:iam::111122223333:role/Nothing'), '403 AccessDenied')
  t.equal(await attempt(CHAINED_ROLE_ARN), '403 AccessDenied')
  t.equal(await attempt(PARTNER_ROLE_ARN), '403 AccessDenied')
  t.equal(await attempt(PARTNER_ROLE_ARN, { ExternalId: 'contract-8' }), '403 AccessDenied')
  t.equal(await attempt(PARTNER_ROLE_ARN, { ExternalId: 'contract-7', DurationSeconds: '7200' }), 'ok')
  t.equal(await attempt(PARTNER_ROLE_ARN, { ExternalId: 'contract-7', DurationSeconds: '7201' }), '400 ValidationError')
  t.equal(await attempt(MFA_ROLE_ARN), '403 AccessDenied')
  t.equal(await attempt(MFA_ROLE_ARN, { SerialNumber: MFA_SERIAL, TokenCode: '654321' }), '403 AccessDenied')
  t.equal(await attempt(MFA_ROLE_ARN, { SerialNumber: MFA_SERIAL, TokenCode: '123456' }), 'ok')
  t.equal(await attempt(ROLE_ARN, { RoleSessionName: 'a b' }), '400 ValidationError')
  t.equal(await attempt(ROLE_ARN, { RoleSessionName: 'a' }), '400 ValidationError')
  t.equal(await attempt(ROLE_ARN, { DurationSeconds: '899' }), '400 ValidationError')
  t.equal(await attempt(ROLE_ARN, { DurationSeconds: 'long' }), '400 ValidationError')
  t.equal(await attempt(ROLE_ARN, { Action: 'GetSessionToken' }), '400 InvalidAction')
})

void test('AssumeRoleWithWebIdentity is not signed', async (t) => {
  const aws = sandbox()
  const claims = {
    iss: 'https://oidc.example.com',
    sub: 'system:serviceaccount:default:app',
    exp: NOW.getTime() / 1000 + 60,
  }
  const good = await webIdentity(aws, jwt(claims))
  t.match(json(good), {
    AssumeRoleWithWebIdentityResponse: {
      AssumeRoleWithWebIdentityResult: {
        AssumedRoleUser: { Arn: 'arn:aws:sts::111122223333:assumed-role/App/my-session' },
        Credentials: { AccessKeyId: /^ASIA/ },
        Provider: claims.iss,
        SubjectFromWebIdentityToken: claims.sub,
      },
    },
  })
  const attempt = async (token: string, arn?: string): Promise<string> => codeOf(await webIdentity(aws, token, arn))
  t.equal(await attempt(jwt({ ...claims, sub: 'other' })), '403 AccessDenied')
  t.equal(await attempt(jwt({ ...claims, iss: 'https://evil.example.com' })), '403 AccessDenied')
  t.equal(await attempt(jwt(claims), ROLE_ARN), '403 AccessDenied')
  t.equal(await attempt(jwt({ ...claims, exp: NOW.getTime() / 1000 })), '400 ExpiredTokenException')
  t.equal(await attempt(jwt({ iss: claims.iss, sub: claims.sub })), '400 InvalidIdentityToken')
  for (const token of ['', 'x', 'a.bm8gSlNPTg.c', 'a.MQ.c']) t.equal(await attempt(token), '400 InvalidIdentityToken')
})

void test('the request log contains no secret', async (t) => {
  const aws = sandbox()
  await ask(aws, { headers: { 'x-k8s-aws-id': 'k8s.local' } })
  await ask(aws, { method: 'POST', signer: { sessionToken: 'secret-session' }, parameters: assume(ROLE_ARN) })
  await send(aws, { ...stsCall(), query: 'X-Amz-Signature=broken' })
  t.match(aws.sts.requests, [
    { time: NOW, method: 'GET', action: 'GetCallerIdentity', accessKeyId: USER_KEY_ID },
    { time: NOW, method: 'POST', action: 'AssumeRole', accessKeyId: USER_KEY_ID },
    { time: NOW, method: 'GET', action: undefined, accessKeyId: undefined },
  ])
  t.equal(aws.sts.requests[0]?.headers.get('x-k8s-aws-id'), 'k8s.local')
  const [, posted] = aws.sts.requests
  t.strictSame([...(posted?.headers.keys() ?? [])].sort(), ['content-type', 'host', 'x-amz-date'])
})

void test('waiting requests are counted', async (t) => {
  const aws = sandbox()
  aws.sts.delay = 1
  const waiting = [ask(aws), ask(aws), ask(aws)]
  t.equal(aws.sts.inFlight, 3)
  await Promise.all(waiting)
  t.equal(aws.sts.inFlight, 0)
  t.equal(aws.sts.peakInFlight, 3)
})

type TextAnswer = Answer & { readonly body: string }

function sandbox(): InProcessAws {
  return createSandboxAws({ identities, roles, now: () => NOW })
}

function assume(roleArn: string): Record<string, string> {
  return { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'my-session' }
}

async function ask(aws: InProcessAws, options: CallOptions = {}): Promise<TextAnswer> {
  return await send(aws, stsCall({ ...options, signer: { date: NOW, ...options.signer } }))
}

async function send(aws: InProcessAws, request: WireRequest): Promise<TextAnswer> {
  const reply = await aws.handle(request)
  if (reply === 'reset' || typeof reply.body !== 'string') throw new Error('there is no answer in one piece')
  return { ...reply, body: reply.body }
}

async function webIdentity(aws: InProcessAws, token: string, roleArn = WEB_IDENTITY_ROLE_ARN): Promise<TextAnswer> {
  const form = { ...assume(roleArn), Action: 'AssumeRoleWithWebIdentity', WebIdentityToken: token }
  const request = stsCall({ method: 'POST', headers: JSON_PLEASE })
  const headers = new Map([...request.headers].filter(([name]) => name !== 'authorization'))
  return await send(aws, { ...request, headers, body: new URLSearchParams(form).toString() })
}

function jwt(claims: Record<string, string | number>): string {
  return ['{"alg":"RS256"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
}

/** `ok`, or the status and the error code. */
async function code(aws: InProcessAws, options: CallOptions): Promise<string> {
  return codeOf(await ask(aws, { ...options, headers: JSON_PLEASE }))
}

function codeOf(answer: TextAnswer): string {
  if (answer.status === 200) return 'ok'
  return `${answer.status} ${/"Type":"Sender","Code":"(\w+)"/.exec(answer.body)?.[1]}`
}

function json({ body }: TextAnswer): unknown {
  return JSON.parse(body)
}
