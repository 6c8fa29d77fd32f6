import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSession } from '@aws-iam-authenticator/sandbox/aws/account'
import { identities, ROLE_ARN, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createSso, type Sso } from '@aws-iam-authenticator/sandbox/aws/sso'
import { callerOf, personAtHome, runToken, tokenOf } from './harness/token.ts'

const START_URL = 'https://corp.awsapps.com/start'
const ACCOUNT = '111122223333'

const CONFIG = `
[sso-session corp]
sso_region = eu-central-1
sso_start_url = ${START_URL}

[profile dev]
sso_session = corp
sso_account_id = ${ACCOUNT}
sso_role_name = Developer

[profile legacy]
sso_start_url = ${START_URL}
sso_region = eu-central-1
sso_account_id = ${ACCOUNT}
sso_role_name = Developer

[profile forbidden]
sso_session = corp
sso_account_id = 999999999999
sso_role_name = Developer

[profile over]
role_arn = ${ROLE_ARN}
source_profile = dev
role_session_name = over-sso
`

function cacheFile(id: string): string {
  return `.aws/sso/cache/${createHash('sha1').update(id).digest('hex')}.json`
}

/** The file that `aws sso login` writes. */
function signedIn(accessToken: string, expiresInSeconds: number, more: object = {}): string {
  const expiresAt = new Date(Date.now() + expiresInSeconds * 1000).toISOString()
  return JSON.stringify({ startUrl: START_URL, region: 'eu-central-1', accessToken, expiresAt, ...more })
}

async function start(t: Test): Promise<{ aws: SandboxAws; sso: Sso }> {
  const sso: Sso = createSso({
    open: (person, accountId, roleName) => {
      if (accountId !== ACCOUNT) return undefined
      const role = {
        arn: `arn:aws:iam::${accountId}:role/AWSReservedSSO_${roleName}_0123456789abcdef`,
        roleId: 'AROASSO',
      }
      const expires = new Date(Math.floor(Date.now() / 1000) * 1000 + 3_600_000)
      const { accessKeyId, identity } = openSession(aws.sts, role, person, expires)
      return { accessKeyId, ...identity, expiration: expires }
    },
  })
  sso.sessions.set('token-of-alice', 'alice')
  sso.sessions.set('token-of-bob', 'bob')
  const aws = await startSandboxAws({ identities, roles, routes: [sso] })
  t.teardown(() => aws.close())
  return { aws, sso }
}

const ALICE = `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/alice`

t.test('a session of IAM Identity Center gives the token of its role', async (t) => {
  const { aws } = await start(t)
  const files = {
    '.aws/config': CONFIG,
    [cacheFile('corp')]: signedIn('token-of-alice', 3600),
    [cacheFile(START_URL)]: signedIn('token-of-alice', 3600),
  }
  for (const profile of ['dev', 'legacy']) {
    const person = personAtHome(t, files, aws.environment, { AWS_PROFILE: profile })
    t.equal(await callerOf(aws, tokenOf(t, await runToken([], person), profile)), ALICE, profile)
  }
  const over = personAtHome(t, files, aws.environment, { AWS_PROFILE: 'over' })
  const session = `arn:aws:sts::${ACCOUNT}:assumed-role/Reader/over-sso`
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], over), 'over')), session)
  const dev = personAtHome(t, files, aws.environment, { AWS_PROFILE: 'dev' })
  const forwarded = await runToken(['-r', ROLE_ARN, '--forward-session-name'], dev)
  t.equal(await callerOf(aws, tokenOf(t, forwarded, 'forwarded')), `arn:aws:sts::${ACCOUNT}:assumed-role/Reader/alice`)
})

t.test('a session that is about to expire is renewed', async (t) => {
  const { aws, sso } = await start(t)
  sso.refreshTokens.set('refresh-of-alice', 'alice')
  const client = { clientId: 'client', clientSecret: 'client-secret', refreshToken: 'refresh-of-alice' }
  const files = { '.aws/config': CONFIG, [cacheFile('corp')]: signedIn('token-that-ends', 60, client) }
  const person = personAtHome(t, files, aws.environment, { AWS_PROFILE: 'dev' })
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], person), 'renewed')), ALICE)
  t.same(sso.requests, ['POST /token', 'GET /federation/credentials'])
  t.match(JSON.parse(readFileSync(join(person['HOME'] ?? '', cacheFile('corp')), 'utf8')), { accessToken: /^renewed-/ })
})

t.test('the error for an expired session says how to sign in again', async (t) => {
  const { aws } = await start(t)
  const rows: readonly (readonly [profile: string, files: Readonly<Record<string, string>>, says: RegExp])[] = [
    ['dev', {}, /run "aws sso login --profile dev"/],
    ['dev', { [cacheFile('corp')]: signedIn('token-of-alice', -60) }, /run "aws sso login --profile dev"/],
    ['dev', { [cacheFile('corp')]: signedIn('token-of-nobody', 3600) }, /run "aws sso login --profile dev"/],
    ['dev', { [cacheFile('corp')]: 'rubbish' }, /run "aws sso login --profile dev"/],
    ['legacy', { [cacheFile(START_URL)]: signedIn('token-of-alice', -60) }, /run "aws sso login --profile legacy"/],
    ['over', {}, /run "aws sso login --profile dev"/],
    ['forbidden', { [cacheFile('corp')]: signedIn('token-of-alice', 3600) }, /check sso_account_id and sso_role_name/],
  ]
  for (const [profile, files, says] of rows) {
    const person = personAtHome(t, { '.aws/config': CONFIG, ...files }, aws.environment, { AWS_PROFILE: profile })
    const { code, stdout, stderr } = await runToken([], person)
    t.same({ code, stdout }, { code: 1, stdout: '' })
    t.match(stderr, says)
    t.notMatch(stderr, 'token-of')
  }
})

t.test('the cache is valid for one session, not for the next person', async (t) => {
  const { aws, sso } = await start(t)
  const home = { '.aws/config': CONFIG, [cacheFile('corp')]: signedIn('token-of-alice', 3600) }
  const alice = personAtHome(t, home, aws.environment, { AWS_PROFILE: 'dev' })
  t.equal(await callerOf(aws, tokenOf(t, await runToken(['--cache'], alice), 'cold')), ALICE)
  t.equal(await callerOf(aws, tokenOf(t, await runToken(['--cache'], alice), 'warm')), ALICE)
  t.equal(sso.requests.length, 1)
  const other = { '.aws/config': CONFIG, [cacheFile('corp')]: signedIn('token-of-bob', 3600) }
  const cache = `${alice['HOME'] ?? ''}/.kube/cache/aws-iam-authenticator/credentials.yaml`
  const bob = personAtHome(t, other, aws.environment, { AWS_PROFILE: 'dev', AWS_IAM_AUTHENTICATOR_CACHE_FILE: cache })
  t.equal(await callerOf(aws, tokenOf(t, await runToken(['--cache'], bob), 'bob')), ALICE.replace('alice', 'bob'))
})
