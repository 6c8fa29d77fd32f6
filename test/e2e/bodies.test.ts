import t, { type Test } from 'tap'
import { identities, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { presignedUrl, tokenOfUrl } from './harness/presigned.ts'
import { metric, startTestServer, type TestServer } from './harness/server.ts'
import { http1, http2, type WireAnswer, type WireClient, type WireRequest } from './harness/wire.ts'

const CONFIGURATION = `
clusterID: k8s.local
server:
  mapUsers:
    - userARN: ${USER.arn}
      username: alice
`
const V1BETA1 = 'authentication.k8s.io/v1beta1'
const DEPTH = 20_000
const JSON_TYPE = { 'content-type': 'application/json' }

function goodToken(): string {
  return tokenOfUrl(
    presignedUrl({
      host: 'sts.us-east-1.amazonaws.com',
      region: 'us-east-1',
      clusterId: 'k8s.local',
      accessKeyId: USER_KEY_ID,
      secretAccessKey: USER.secretAccessKey,
      date: new Date(),
    }),
  )
}

function review(spec: unknown, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ apiVersion: V1BETA1, kind: 'TokenReview', ...more, spec })
}

function nested(open: string, close: string, inside = ''): string {
  return open.repeat(DEPTH) + inside + close.repeat(DEPTH)
}

function authenticated({ text }: Pick<WireAnswer, 'text'>): boolean {
  return /"authenticated":true/.test(text)
}

async function start(t: Test): Promise<{
  readonly aws: SandboxAws
  readonly server: TestServer
  readonly clients: readonly (readonly [name: string, client: WireClient])[]
}> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const clients = [['HTTP/1.1', http1(server)] as const, ['HTTP/2', http2(server)] as const]
  for (const [, client] of clients) t.teardown(() => client.close())
  return { aws, server, clients }
}

t.test('a body that is not a TokenReview is an error, and STS is not called', async (t) => {
  const { aws, server, clients } = await start(t)
  const token = goodToken()
  const spec = { token }
  const bodies: Readonly<Record<string, string | Buffer | readonly string[]>> = {
    nothing: '',
    'a blank': ' ',
    'no JSON': 'token',
    'half a document': review(spec).slice(0, -1),
    'two documents': review(spec) + review(spec),
    'a list': `[${review(spec)}]`,
    'a number': '1',
    null: 'null',
    true: 'true',
    'a string': JSON.stringify(review(spec)),
    'a deep list': nested('[', ']'),
    'an endless list': '['.repeat(DEPTH),
    'another kind': review(spec, { kind: 'SubjectAccessReview' }),
    'a kind in lower case': review(spec, { kind: 'tokenreview' }),
    'a kind that is no string': review(spec, { kind: ['TokenReview'] }),
    'another group': review(spec, { apiVersion: 'authorization.k8s.io/v1' }),
    'another version': review(spec, { apiVersion: 'authentication.k8s.io/v2' }),
    'a version that is no string': review(spec, { apiVersion: [V1BETA1] }),
    'a token that is a number': review({ token: 1 }),
    'a token that is a list': review({ token: [token] }),
    'a token that is an object': review({ token: { toString: token } }),
    'a token that is true': review({ token: true }),
    'audiences that are a string': review({ token, audiences: 'https://kubernetes' }),
    'audiences that are numbers': review({ token, audiences: [1] }),
    'audiences that are an object': review({ token, audiences: { length: 1, 0: 'x' } }),
    'a byte order mark': `\ufeff${review(spec)}`,
    'UTF-16': Buffer.from(review(spec), 'utf16le'),
    'form data': `token=${token}`,
    XML: '<TokenReview/>',
    'pieces of rubbish': ['{"a"', ':', '[[['],
  }
  for (const [protocol, client] of clients) {
    for (const [name, body] of Object.entries(bodies)) {
      const answer = await client.send({ body, headers: JSON_TYPE })
      t.equal(answer.status, 400, `${protocol}: ${name}`)
      t.match(answer.text, /^expected a request body to be a TokenReview\b/, `${protocol}: ${name}`)
      t.match(answer.headers['content-type'], /^text\/plain/, `${protocol}: ${name}`)
    }
  }
  t.same(aws.sts.requests, [])
  t.ok(authenticated(await server.review(token)), 'the server is well')
  await server.waitForLog(({ msg }) => msg === 'access granted')
  const denied = server.log().filter(({ msg }) => msg === 'access denied')
  t.ok(denied.length > 0 && denied.length <= 40, `${denied.length} lines: a flood of one reason is not told one by one`)
  t.ok(denied.every(({ reason }) => reason === 'malformed_request'))
  const { text } = await server.request({ path: '/metrics' })
  const count = 2 * Object.keys(bodies).length
  t.equal(metric(text, 'aws_iam_authenticator_refusals_total', { reason: 'malformed_request' }), count)
  t.notOk(server.output().includes(token.slice(-60)))
})

t.test('an unusual TokenReview without a token is refused', async (t) => {
  const { aws, server, clients } = await start(t)
  const token = goodToken()
  const deep = nested('[', ']')
  const bodies: Readonly<Record<string, string | Buffer>> = {
    'an empty object': '{}',
    'no spec': review(undefined),
    'a spec of null': review(null),
    'a spec that is a list': review([token]),
    'a spec that is a string': review(token),
    'a spec without a token': review({ audiences: [] }),
    'a token of null': review({ token: null }),
    'an empty token': review({ token: '' }),
    'a token in another place': review({}, { token, status: { token } }),
    'a token in the prototype of the spec': `{"kind":"TokenReview","spec":{"__proto__":{"token":"${token}"}}}`,
    'a spec in the prototype': `{"kind":"TokenReview","__proto__":{"spec":{"token":"${token}"}}}`,
    'a constructor': `{"spec":{"constructor":{"prototype":{"token":"${token}"}}}}`,
    'a token of which another key follows': `{"spec":{"token":"${token}","token":"x"}}`,
    'a claim of being authenticated': review(
      { token: 'x' },
      { status: { authenticated: true, user: { username: 'root' } } },
    ),
    'bytes that are no UTF-8': Buffer.concat([
      Buffer.from('{"spec":{"token":"'),
      Buffer.from([0xff, 0xc0]),
      Buffer.from('"}}'),
    ]),
    'half a surrogate pair': '{"spec":{"token":"\\ud800"}}',
    'a NUL': '{"spec":{"token":"\\u0000"}}',
  }
  for (const [protocol, client] of clients) {
    for (const [name, body] of Object.entries(bodies)) {
      const answer = await client.send({ body, headers: JSON_TYPE })
      t.equal(answer.status, 200, `${protocol}: ${name}`)
      t.match(JSON.parse(answer.text), { status: { authenticated: false, error: undefined } }, `${protocol}: ${name}`)
    }
    for (const [name, body] of Object.entries({
      'a deep object': nested('{"a":', '}', '1'),
      'a deep list beside the token': `{"spec":{"token":"x","more":${deep}}}`,
      'a deep list for the token': `{"spec":{"token":${deep}}}`,
      'a deep list for the audiences': `{"spec":{"token":"x","audiences":${deep}}}`,
      'a deep list beside the spec': `{"spec":{"token":"x"},"metadata":${deep}}`,
    })) {
      const answer = await client.send({ body, headers: JSON_TYPE })
      // The runtime decides how deep JSON may be.
      t.match(answer.status, /^(?:200|400)$/, `${protocol}: ${name}`)
      t.notOk(authenticated(answer), `${protocol}: ${name}`)
    }
  }
  t.same(aws.sts.requests, [])
  t.ok(authenticated(await server.review(token)), 'the server is well')
})

t.test('a valid token is accepted with any content type and framing', async (t) => {
  const { clients } = await start(t)
  const body = review({ token: goodToken() })
  const requests: Readonly<Record<string, WireRequest>> = {
    'application/json': { body, headers: { 'content-type': 'application/json' } },
    'with a charset': { body, headers: { 'content-type': 'application/json; charset=utf-8' } },
    'another charset': { body, headers: { 'content-type': 'application/json; charset=utf-16' } },
    'text/plain': { body, headers: { 'content-type': 'text/plain' } },
    'a form': { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    multipart: { body, headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    none: { body },
    malformed: { body, headers: { 'content-type': '///' } },
    empty: { body, headers: { 'content-type': '' } },
    'in chunks': { headers: JSON_TYPE, body: [body.slice(0, 30), body.slice(30, 31), body.slice(31)] },
    'what kube-apiserver adds to the path': { headers: JSON_TYPE, body, path: '/authenticate?timeout=30s' },
    'the token given twice, good one last': {
      headers: JSON_TYPE,
      body: body.replace('"token":', '"token":"x","token":'),
    },
    'blanks around': { headers: JSON_TYPE, body: `\r\n\t ${body} \n` },
    'neither version nor kind': {
      headers: JSON_TYPE,
      body: review({ token: goodToken() }, { apiVersion: undefined, kind: undefined }),
    },
    'no audiences': { headers: JSON_TYPE, body: review({ token: goodToken(), audiences: null }) },
  }
  for (const [protocol, client] of clients) {
    for (const [name, request] of Object.entries(requests)) {
      const answer = await client.send(request)
      t.equal(answer.status, 200, `${protocol}: ${name}`)
      t.ok(authenticated(answer), `${protocol}: ${name}`)
      t.equal(answer.headers['content-type'], 'application/json; charset=UTF-8')
    }
  }
})

t.test('a body of 8 MiB is rejected before it is read', async (t) => {
  const { aws, server } = await start(t)
  const body = review({ token: goodToken() }, { metadata: { name: 'x'.repeat(8 * 1024 * 1024) } })
  const parts = Array.from({ length: 9 }, (_, index) => body.slice(index * 1024 * 1024, (index + 1) * 1024 * 1024))
  // Each on its own connection: the server closes connections with unread bodies.
  for (const [protocol, speak] of [['HTTP/1.1', http1] as const, ['HTTP/2', http2] as const]) {
    for (const [name, sent] of Object.entries({ 'with its length': body, 'in chunks': parts })) {
      const client = speak(server)
      t.teardown(() => client.close())
      const answer = await client
        .send({ body: sent, headers: JSON_TYPE })
        .catch((error: NodeJS.ErrnoException) => error.code)
      if (typeof answer === 'object') t.equal(answer.status, 413, `${protocol}: ${name}`)
      else t.match(answer, /^(?:ECONNRESET|EPIPE|ERR_HTTP2_\w+)$/, `${protocol}: ${name}`)
    }
  }
  t.same(aws.sts.requests, [])
  t.ok(authenticated(await server.review(goodToken())), 'the server is well')
})

t.test('only POST is accepted, and only on its path', async (t) => {
  const { aws, clients } = await start(t)
  const body = review({ token: goodToken() })
  for (const [protocol, client] of clients) {
    for (const method of ['GET', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await client.send({ method, ...(method === 'PUT' || method === 'PATCH' ? { body } : {}) })
      t.equal(answer.status, 405, `${protocol}: ${method}`)
      t.equal(answer.headers['allow'], 'POST', `${protocol}: ${method}`)
      if (method !== 'HEAD') t.match(answer.text, /^expected POST\n?$/, `${protocol}: ${method}`)
    }
    for (const path of [
      '/',
      '/authenticate/',
      '/Authenticate',
      '/authenticate/x',
      '/healthz/x',
      '/%00',
      '/..;/authenticate',
    ]) {
      const answer = await client.send({ path, body })
      t.equal(answer.status, 404, `${protocol}: ${path}`)
      t.notOk(answer.text.includes(body.slice(-40)))
    }
  }
  t.same(aws.sts.requests, [])
})
