import { test } from 'tap'
import { scriptedApi } from './scripted-api.ts'

const options = { signal: new AbortController().signal, bodyTimeoutMs: 1000 }

void test('a request has the user agent, and a path below that of the server', async (t) => {
  const { api, requests } = scriptedApi([{ body: { a: 1 } }])
  const { statusCode, body } = await api.get('/api/v1/x', { fieldSelector: 'a=b c', limit: '1' }, options)
  t.same([statusCode, await body.json()], [200, { a: 1 }])
  const [sent] = requests
  t.match(sent, { method: 'GET', path: '/prefix/api/v1/x', host: 'kubernetes.example:6443' })
  t.same(Object.fromEntries(new URLSearchParams(sent?.query)), { fieldSelector: 'a=b c', limit: '1' })
  t.equal(sent?.headers.get('authorization'), 'Bearer secret')
  t.equal(sent?.headers.get('user-agent'), 'test/1')
})

void test('the credentials are current, and absent if a certificate identifies the client', async (t) => {
  let token = 'one'
  const rotated = scriptedApi([{ body: {} }, { body: {} }], { authorization: () => Promise.resolve(`Bearer ${token}`) })
  await rotated.api.get('/a', {}, options)
  token = 'two'
  await rotated.api.get('/a', {}, options)
  t.same(
    rotated.requests.map(({ headers }) => headers.get('authorization')),
    ['Bearer one', 'Bearer two'],
  )
  const certified = scriptedApi([{ body: {} }], { authorization: () => Promise.resolve(null) })
  await certified.api.get('/a', {}, options)
  t.equal(certified.requests[0]?.headers.has('authorization'), false)
})

void test('a write is JSON, a patch is a merge patch, and an answer that is not JSON is null', async (t) => {
  const { api, requests } = scriptedApi([{ status: 201, body: { made: true } }, { body: 'no JSON' }, { body: {} }])
  const { signal } = options
  t.same(await api.write({ method: 'POST', path: '/events', body: { a: 1 } }, signal), {
    status: 201,
    answer: { made: true },
  })
  t.same(await api.write({ method: 'PATCH', path: '/x', body: { b: null } }, signal), { status: 200, answer: null })
  await api.write({ method: 'PUT', path: '/x', body: {} }, signal)
  t.same(
    requests.map(({ method, path, body, headers }) => [method, path, body, headers.get('content-type')]),
    [
      ['POST', '/prefix/events', '{"a":1}', 'application/json'],
      ['PATCH', '/prefix/x', '{"b":null}', 'application/merge-patch+json'],
      ['PUT', '/prefix/x', '{}', 'application/json'],
    ],
  )
})
