import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { clearCredentialCache, openCredentialCache, type JwtCache } from '../../src/cache/credential-cache.ts'

const JWT = 'eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'
const KEYS = { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'session', source: 'a test' }

function inMinutes(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000)
}

function cacheFile(t: Pick<Test, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'credential-cache-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o700)
  return join(folder, 'cache.yaml')
}

async function open(t: Test, path: string): Promise<JwtCache> {
  return await openCredentialCache({ path, now: () => new Date(), warn: (message) => t.fail(message) })
}

t.test('credentials and JWTs are in one file and are not mistaken for each other', async (t) => {
  const path = cacheFile(t)
  const cache = await open(t, path)
  cache.keep('a', { ...KEYS, expiration: inMinutes(60) })
  cache.keepJwt('b', { token: JWT, expiration: inMinutes(15) })
  cache.keepJwt('c', { token: JWT, expiration: inMinutes(1) })
  await cache.save()
  const next = await open(t, path)
  t.match(next.find('a', 'cache'), { accessKeyId: 'ASIA', source: 'cache' })
  t.match(next.findJwt('b'), { token: JWT })
  for (const key of ['b', 'c', 'd']) t.equal(next.find(key, 'cache'), undefined)
  for (const key of ['a', 'c', 'd']) t.equal(next.findJwt(key), undefined)
  t.same(await clearCredentialCache(path), { credentials: 1, jwts: 1 })
  t.equal((await open(t, path)).findJwt('b'), undefined)
})

t.test('an entry that does not have the form of a JWT is ignored', async (t) => {
  const path = cacheFile(t)
  const wrong = ['', 'x', 'a.b', 'a.b.c.d', 'a.b.c\n', 'a.b.\u001b[2J', `a.b.${'c'.repeat(16_384)}`]
  const entries = Object.fromEntries(
    wrong.map((jwt, index) => [index, { jwt, expiration: inMinutes(9).toISOString() }]),
  )
  const sound = { jwt: JWT, expiration: inMinutes(9).toISOString() }
  const odd = { ...sound, expiration: 'soon' }
  const line = JSON.stringify({ ...entries, sound, odd })
  writeFileSync(path, `aws-iam-authenticator: ${line}\n`, { mode: 0o600 })
  const cache = await open(t, path)
  for (const index of wrong.keys())
    t.equal(cache.findJwt(String(index)), undefined, JSON.stringify(wrong[index]).slice(0, 40))
  t.equal(cache.findJwt('odd'), undefined)
  t.match(cache.findJwt('sound'), { token: JWT })
})

t.test('the oldest entries are dropped where there is no room', async (t) => {
  const path = cacheFile(t)
  const long = `${JWT}${'x'.repeat(10_000)}`
  const count = 150
  const first = await open(t, path)
  for (let index = 0; index < count; index += 1)
    first.keepJwt(`old-${index}`, { token: long, expiration: inMinutes(15) })
  await first.save()
  const second = await open(t, path)
  second.keepJwt('new', { token: long, expiration: inMinutes(15) })
  await second.save()
  t.ok(statSync(path).size < 1024 * 1024 + 1024, `${statSync(path).size} bytes`)
  const third = await open(t, path)
  t.match(third.findJwt('new'), { token: long })
  t.match(third.findJwt(`old-${count - 1}`), { token: long })
  t.equal(third.findJwt('old-0'), undefined)
  t.match(readFileSync(path, 'utf8'), /^aws-iam-authenticator: /)
})
