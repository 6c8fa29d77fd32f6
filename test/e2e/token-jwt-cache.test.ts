import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { openSession, type Session } from '@aws-iam-authenticator/sandbox/aws/account'
import { identities, PARTNER_ROLE_ARN, ROLE_ARN, roles, USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startLinkLocal } from '@aws-iam-authenticator/sandbox/aws/link-local'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { runCommand, type Environment } from './harness/command.ts'
import { decodeJwt } from './harness/decode-jwt.ts'
import { USER_KEYS } from './harness/person.ts'
import { asked, personAtHome, runToken, tokenOf } from './harness/token.ts'

const CACHED = ['--token-type=jwt', '--cache']
const MINUTE = 60_000

async function start(t: Test): Promise<{ aws: SandboxAws; person: Environment }> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return { aws, person: personAtHome(t, {}, aws.environment, USER_KEYS) }
}

function cacheOf(person: Environment): string {
  return join(person['HOME'] ?? '', '.kube/cache/aws-iam-authenticator/credentials.yaml')
}

t.test('the next process takes the JWT from the cache and makes no request', async (t) => {
  const { aws, person } = await start(t)
  const nowhere = { ...person, HTTPS_PROXY: 'http://127.0.0.1:9', SSL_CERT_FILE: '/nonexistent' }
  for (const args of [CACHED, [...CACHED, '-r', ROLE_ARN, '--source-identity', 'jane']]) {
    const cold = tokenOf(t, await runToken(args, person), 'cold')
    decodeJwt(t, aws, cold)
    const connections = aws.proxyRequests.length
    t.equal(tokenOf(t, await runToken(args, nowhere), 'warm, without a network'), cold)
    t.equal(aws.proxyRequests.length, connections)
  }
  t.same(asked(aws), ['GetWebIdentityToken', 'AssumeRole', 'GetWebIdentityToken'])
  const path = cacheOf(person)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(dirname(path)).mode & 0o777, 0o700)
  t.same(readdirSync(dirname(path)), ['credentials.yaml'], 'nothing is left beside it')
})

t.test('another JWT is not taken for the one that is asked for', async (t) => {
  const { aws, person } = await start(t)
  const second = { ...USER, arn: 'arn:aws:iam::111122223333:user/bob', secretAccessKey: 'bobs-secret' }
  aws.sts.identities.set('AKIABOB', second)
  const bob = { AWS_ACCESS_KEY_ID: 'AKIABOB', AWS_SECRET_ACCESS_KEY: second.secretAccessKey }
  const rows: readonly (readonly [what: string, args: readonly string[], environment?: Environment])[] = [
    ['alice', []],
    ['bob', [], bob],
    ['another cluster', ['-i', 'other']],
    ['another audience', ['--audience', 'other']],
    ['another algorithm', ['--signing-algorithm', 'RS256']],
    ['another region', ['--region', 'us-west-2']],
    ['a role', ['-r', ROLE_ARN]],
    ['a source identity', ['-r', ROLE_ARN, '--source-identity', 'jane']],
    ['another source identity', ['-r', ROLE_ARN, '--source-identity', 'joe']],
    ['another session', ['-r', ROLE_ARN, '-s', 'named']],
    ['another role', ['-r', PARTNER_ROLE_ARN, '-e', 'contract-7']],
  ]
  const cold = new Set<string>()
  for (const [what, args, environment = {}] of rows) {
    cold.add(tokenOf(t, await runToken([...CACHED, ...args], { ...person, ...environment }), what))
  }
  t.equal(cold.size, rows.length)
  const calls = asked(aws).length
  for (const [what, args, environment = {}] of rows) {
    const warm = tokenOf(t, await runToken([...CACHED, ...args], { ...person, ...environment }), `${what}, warm`)
    t.ok(cold.has(warm), what)
  }
  t.equal(asked(aws).length, calls)
  const thief = await runToken(CACHED, { ...person, AWS_SECRET_ACCESS_KEY: 'unknown' })
  t.match(thief, { code: 1, stdout: '' }, 'an access key id without its secret is no key')
  t.match(tokenOf(t, await runToken(['--cache'], person), 'presigned'), /^k8s-aws-v1\./)
})

t.test('a JWT is used while it lasts, and cache clear removes it', async (t) => {
  const { aws, person } = await start(t)
  const first = tokenOf(t, await runToken(CACHED, person), 'cold')
  const path = cacheOf(person)
  const soon = new Date(Date.now() + 1.5 * MINUTE).toISOString()
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"expiration":"[^"]+"/, `"expiration":"${soon}"`))
  const second = tokenOf(t, await runToken(CACHED, person), 'expires soon')
  t.not(second, first)
  tokenOf(t, await runToken([...CACHED, '-r', ROLE_ARN], person), 'a role')
  const cleared = await runCommand(['cache', 'clear'], { environment: person })
  t.match(cleared, { code: 0, stderr: `removed 1 set of credentials and 2 JWTs from ${path}\n` })
  t.notMatch(readFileSync(path, 'utf8'), 'eyJ')
  const calls = asked(aws).length
  t.not(tokenOf(t, await runToken(CACHED, person), 'again'), second)
  t.equal(asked(aws).length, calls + 1)
})

t.test('processes that run at the same time keep all their JWTs', async (t) => {
  const { aws, person } = await start(t)
  const clusters = ['one', 'two', 'three', 'four', 'five', 'six']
  const run = async (cluster: string): Promise<string> =>
    tokenOf(t, await runToken([...CACHED, '-i', cluster], person), cluster)
  const cold = await Promise.all(clusters.map(run))
  const calls = asked(aws).length
  t.same(await Promise.all(clusters.map(run)), cold)
  t.equal(asked(aws).length, calls)
})

t.test('an entry that is not a JWT of this program is not printed', async (t) => {
  const { person } = await start(t)
  const first = tokenOf(t, await runToken(CACHED, person), 'cold')
  const path = cacheOf(person)
  const text = readFileSync(path, 'utf8')
  for (const wrong of [text.replace('"jwt":"', '"jwt":"\\n'), text.replace(/"jwt":"[^"]*"/, '"jwt":7')]) {
    t.not(wrong, text)
    writeFileSync(path, wrong)
    const token = tokenOf(t, await runToken(CACHED, person), 'renewed')
    t.match(token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
    t.not(token, first)
  }
})

t.test('the identity of an instance is asked from the instance, and AWS is not', async (t) => {
  const { aws } = await start(t)
  const role = { arn: ROLE_ARN, roleId: 'AROAREADERREADERREADER' }
  let session = openSession(aws.sts, role, 'i-1', new Date(Date.now() + 60 * MINUTE))
  const instance = await startLinkLocal({ session: (): Session => session, instanceRole: 'Reader' })
  t.teardown(() => instance.close())
  const person = personAtHome(t, {}, aws.environment, {
    AWS_EC2_METADATA_DISABLED: 'false',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.url,
    NO_PROXY: '127.0.0.1',
  })
  const cold = tokenOf(t, await runToken(CACHED, person), 'cold')
  t.equal(tokenOf(t, await runToken(CACHED, person), 'warm'), cold)
  t.same(asked(aws), ['GetWebIdentityToken'])
  session = openSession(aws.sts, { ...role, arn: PARTNER_ROLE_ARN }, 'i-2', new Date(Date.now() + 60 * MINUTE))
  const other = decodeJwt(t, aws, tokenOf(t, await runToken(CACHED, person), 'another role'))
  t.match(other.claims, { sub: PARTNER_ROLE_ARN })
})

t.test('credentials in the cache that AWS no longer accepts are renewed', async (t) => {
  const { aws, person } = await start(t)
  const args = [...CACHED, '-r', ROLE_ARN]
  tokenOf(t, await runToken(args, person), 'cold')
  for (const [id, { sourceIdentity, roleArn }] of aws.sts.identities) {
    t.equal(sourceIdentity, undefined)
    if (roleArn !== undefined) aws.sts.identities.delete(id)
  }
  const renewed = decodeJwt(t, aws, tokenOf(t, await runToken([...args, '--audience', 'other'], person), 'renewed'))
  t.match(renewed.claims, { aud: 'other', sub: ROLE_ARN })
  t.same(asked(aws), ['AssumeRole', 'GetWebIdentityToken', 'GetWebIdentityToken', 'AssumeRole', 'GetWebIdentityToken'])
})
