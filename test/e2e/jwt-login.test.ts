import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { hostileJwts } from '@aws-iam-authenticator/sandbox/aws/hostile-jwts'
import { runCommand, temporaryFolder } from './harness/command.ts'
import { eventually } from './harness/eventually.ts'
import { ACCOUNT, ADMIN, jwtConfiguration, startJwtSandbox, writeKeys } from './harness/jwt.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { CLUSTER_ID, refusals, userOf, userToken, verdict } from './harness/webhook.ts'

const V1 = 'authentication.k8s.io/v1'

/** Waits until the keys of the issuer are loaded. */
async function keysLoaded(server: TestServer): Promise<void> {
  await server.waitForLog(({ msg }) => msg === 'the keys of an issuer are loaded')
}

t.test('a JWT logs in beside presigned tokens, and no call to STS is made', async (t) => {
  const { aws, issuer, sign } = await startJwtSandbox(t)
  const configuration = `${jwtConfiguration(issuer)}  mapUsers:\n    - userarn: ${USER.arn}\n      username: alice\n`
  const audit = join(temporaryFolder(t), 'audit.log')
  const server = await startTestServer(t, { aws, configuration: `${configuration}  auditLog: ${audit}\n` })
  await keysLoaded(server)
  aws.faults.set('error500')
  const token = sign(ADMIN, { source_identity: 'alice', identity_store_user_id: '9067-1' })
  for (let round = 0; round < 2; round += 1) {
    t.strictSame(userOf(await server.review(token, V1)), {
      username: 'admin',
      groups: ['system:masters'],
      uid: `aws-iam-authenticator:${ACCOUNT}:${ADMIN}`,
      extra: {
        'aws-iam-authenticator/arn': [ADMIN],
        'aws-iam-authenticator/canonical-arn': [`arn:aws:iam::${ACCOUNT}:role/Admin`],
        'aws-iam-authenticator/source-identity': ['alice'],
        'aws-iam-authenticator/identity-store-user-id': ['9067-1'],
      },
    })
  }
  t.equal(aws.sts.requests.filter(({ action }) => action === 'GetCallerIdentity').length, 0)
  aws.faults.clear()
  t.match(userOf(await server.review(userToken(), V1)), { username: 'alice' })
  const line = await server.waitForLog(({ msg }) => msg === 'access granted')
  t.match(line, { arn: `arn:aws:iam::${ACCOUNT}:role/Admin`, sub: ADMIN, issuer: issuer.url, sourceidentity: 'alice' })
  t.match(JSON.parse(readFileSync(audit, 'utf8').split('\n')[0] ?? ''), {
    arn: ADMIN,
    issuer: issuer.url,
    sourceIdentity: 'alice',
    username: 'admin',
  })
  t.notOk(server.output().includes(token.slice(-40)), 'no signature in the log')
})

t.test('hostile JWTs log nobody in, and none is in the log', async (t) => {
  const { aws, issuer, stranger, sign } = await startJwtSandbox(t)
  const server = await startTestServer(t, { aws, configuration: jwtConfiguration(issuer) })
  await keysLoaded(server)
  t.equal(verdict(await server.review(sign(), V1)), true)
  const asked = stranger.requests.length
  for (const { name, token } of hostileJwts({ issuer, stranger, audience: CLUSTER_ID, sub: ADMIN, now: new Date() })) {
    const answer = await server.review(token, V1)
    t.not(verdict(answer), true, name)
    t.ok([200, 503].includes(answer.status), `${name}: ${answer.status}`)
    const [, payload = '', signature = ''] = token.split('.')
    for (const part of [payload, signature].filter(({ length }) => length > 20)) {
      t.notOk(server.output().includes(part), `${name}: not in the log`)
    }
  }
  t.equal(stranger.requests.length, asked, 'no key is fetched from where a JWT says')
  t.equal(verdict(await server.review(sign(), V1)), true)
})

t.test('a new key of the issuer is fetched at once, and a withdrawn one ends its JWTs', async (t) => {
  const { aws, issuer, sign } = await startJwtSandbox(t)
  const server = await startTestServer(t, { aws, configuration: jwtConfiguration(issuer) })
  await keysLoaded(server)
  const fetched = issuer.requests.length
  issuer.rotate()
  // Fetches are at least 10 s apart.
  await eventually(t, 'the new key counts', true, 15_000, async () => verdict(await server.review(sign(), V1)))
  t.ok(issuer.requests.length - fetched <= 2, `${issuer.requests.length - fetched} fetches`)
})

t.test('without keys a JWT gets an error, which the API server does not remember; other logins go on', async (t) => {
  const { aws, issuer, sign } = await startJwtSandbox(t)
  issuer.fault = { status: 503, headers: {}, body: '' }
  const configuration = `${jwtConfiguration(issuer)}  mapUsers:\n    - userarn: ${USER.arn}\n      username: alice\n`
  const server = await startTestServer(t, { aws, configuration })
  await server.waitForLog(({ msg }) => msg === 'the keys of an issuer could not be read')
  t.equal((await server.review(sign(), V1)).status, 503)
  t.match((await refusals(server, 1)).at(-1), { reason: 'keys_unavailable' })
  t.match(userOf(await server.review(userToken(), V1)), { username: 'alice' })
  const status = await runCommand(['status', `--state-dir=${server.folder}`, `--port=${server.port}`], {})
  t.equal(status.code, 2)
  t.match(status.stdout, /the keys of\s+https:\/\/11111111-\S+ are not\s+loaded: jwks.json answered with status 503/)
})

t.test('keys of a file are read again when it changes, and the last good ones stay', async (t) => {
  const { aws, issuer, sign } = await startJwtSandbox(t)
  const path = join(temporaryFolder(t), 'jwks.json')
  writeKeys(path, issuer)
  const server = await startTestServer(t, { aws, configuration: jwtConfiguration(issuer, path) })
  await keysLoaded(server)
  const old = sign()
  t.equal(verdict(await server.review(old, V1)), true)
  issuer.rotate()
  t.equal(verdict(await server.review(sign(), V1)), false)
  issuer.keys.splice(0, 2)
  writeKeys(path, issuer)
  await eventually(t, 'the new keys count', true, 2_000, async () => verdict(await server.review(sign(), V1)))
  t.equal(verdict(await server.review(old, V1)), false, 'its key is withdrawn')
  t.equal(issuer.requests.length, 0, 'the issuer is not asked')
})

t.test('for a scrubbed account neither ARN nor source identity are in the answer or the log', async (t) => {
  const { aws, issuer, sign } = await startJwtSandbox(t)
  const configuration = `${jwtConfiguration(issuer)}  scrubbedAccounts: ["${ACCOUNT}"]\n`
  const server = await startTestServer(t, { aws, configuration })
  await keysLoaded(server)
  t.strictSame(userOf(await server.review(sign(ADMIN, { source_identity: 'alice-secret' }), V1)), {
    username: 'admin',
    groups: ['system:masters'],
    uid: 'aws-iam-authenticator:administrative:admin',
  })
  await server.waitForLog(({ msg }) => msg === 'access granted')
  const lines = server.log().filter(({ msg }) => msg === 'access granted')
  t.notMatch(JSON.stringify(lines), new RegExp(`${ACCOUNT}|alice-secret|11111111-2222`))
})

t.test('without server.webIdentity a JWT is a token of another kind', async (t) => {
  const { aws, sign } = await startJwtSandbox(t)
  const server = await startTestServer(t, { aws })
  t.equal(verdict(await server.review(sign(), V1)), false)
  await server.waitForLog(({ msg }) => msg === 'tokens of another kind were refused')
})
