import t, { type Test } from 'tap'
import {
  CHAINED_ROLE_ARN,
  identities,
  MFA_ROLE_ARN,
  MFA_SERIAL,
  ROLE_ARN,
  roles,
  USER,
} from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { finish, spawnCommand, type Environment } from './harness/command.ts'
import { decodeJwt } from './harness/decode-jwt.ts'
import { USER_KEYS } from './harness/person.ts'
import { asked, CLUSTER_ID, KEYS_PROFILE, personAtHome, runToken, tokenOf } from './harness/token.ts'

const JWT = '--token-type=jwt'
const MINUTE = 60_000

async function start(t: Test, offset = 0): Promise<{ aws: SandboxAws; person: Environment }> {
  const aws = await startSandboxAws({ identities, roles, now: () => new Date(Date.now() + offset) })
  t.teardown(() => aws.close())
  return { aws, person: personAtHome(t, {}, aws.environment, USER_KEYS) }
}

t.test('a user gets a JWT for the cluster, and nothing around it', async (t) => {
  const { aws, person } = await start(t)
  const token = tokenOf(t, await runToken([JWT], person), 'token')
  t.match(token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
  const { algorithm, claims, aws: own, seconds } = decodeJwt(t, aws, token)
  t.match(claims, { aud: CLUSTER_ID, sub: USER.arn })
  t.match(own, { aws_account: USER.accountId, source_region: 'eu-west-1' })
  t.notMatch(own, { request_tags: {} })
  t.same({ algorithm, seconds }, { algorithm: 'ES384', seconds: 900 })
  t.same(asked(aws), ['GetWebIdentityToken'])
  t.match(aws.sts.requests, [{ method: 'POST', host: 'sts.eu-west-1.amazonaws.com' }])

  const other = ['--audience', 'https://k8s.example.com', '--signing-algorithm', 'RS256']
  const second = decodeJwt(t, aws, tokenOf(t, await runToken([JWT, ...other], person), 'another audience'))
  t.match(second, { algorithm: 'RS256', claims: { aud: 'https://k8s.example.com' } })
})

t.test('the variable and the key of the configuration file choose the type of the token', async (t) => {
  const { aws } = await start(t)
  const config = 'tokenType: jwt\naudience: of-the-file\nsigningAlgorithm: RS256\nsourceIdentity: jane\n'
  const person = personAtHome(t, { 'config.yaml': config }, aws.environment, USER_KEYS)
  const variable = { ...person, AWS_IAM_AUTHENTICATOR_TOKEN_TYPE: 'jwt' }
  t.match(tokenOf(t, await runToken([], variable), 'variable'), /^eyJ/)
  const args = ['-c', `${person['HOME'] ?? ''}/config.yaml`, '-r', ROLE_ARN]
  const { algorithm, claims, aws: own } = decodeJwt(t, aws, tokenOf(t, await runToken(args, person), 'file'))
  t.match(
    { algorithm, claims, own },
    { algorithm: 'RS256', claims: { aud: 'of-the-file' }, own: { source_identity: 'jane' } },
  )
  const presigned = await runToken([...args, '--token-type=presigned', '--audience='], person)
  t.match(tokenOf(t, presigned, 'flag'), /^k8s-aws-v1\./)
})

t.test('a role is named with its path and its source identity, which a chain keeps', async (t) => {
  const { aws, person } = await start(t)
  const args = [JWT, '--source-identity', 'jane', '-r']
  const one = decodeJwt(t, aws, tokenOf(t, await runToken([...args, ROLE_ARN], person), 'role'))
  t.match(one, { claims: { sub: ROLE_ARN }, aws: { source_identity: 'jane' } })
  t.ok(one.seconds > 880 && one.seconds <= 900, `${one.seconds} s`)
  t.same(asked(aws), ['AssumeRole', 'GetWebIdentityToken'])
  const config = `${KEYS_PROFILE}[profile reader]\nrole_arn = ${ROLE_ARN}\nsource_profile = keys\n`
  const chained = personAtHome(t, { '.aws/config': config }, aws.environment, { AWS_PROFILE: 'reader' })
  const two = decodeJwt(t, aws, tokenOf(t, await runToken([...args, CHAINED_ROLE_ARN], chained), 'chain'))
  t.match(two, { claims: { sub: CHAINED_ROLE_ARN }, aws: { source_identity: 'jane' } })
  const without = decodeJwt(t, aws, tokenOf(t, await runToken([JWT, '-r', ROLE_ARN], person), 'none'))
  t.notMatch(without.aws, { source_identity: 'jane' })
})

t.test('a presigned token can have a source identity too', async (t) => {
  const { aws, person } = await start(t)
  tokenOf(t, await runToken(['--source-identity', 'jane', '-r', ROLE_ARN], person), 'role')
  t.ok([...aws.sts.identities.values()].some(({ sourceIdentity }) => sourceIdentity === 'jane'))
})

t.test('an MFA role', async (t) => {
  const { aws } = await start(t)
  const config = `${KEYS_PROFILE}[profile mfa]\nrole_arn = ${MFA_ROLE_ARN}\nsource_profile = keys\nmfa_serial = ${MFA_SERIAL}\n`
  const person = personAtHome(t, { '.aws/config': config }, aws.environment, { AWS_PROFILE: 'mfa' })
  const { code, stdout } = await runToken([JWT], person, '123456\n')
  t.equal(code, 0)
  t.match(decodeJwt(t, aws, stdout).claims, { sub: MFA_ROLE_ARN })
})

t.test('the ExecCredential expires a minute before the JWT', async (t) => {
  const { aws, person } = await start(t)
  const { code, stdout } = await finish(spawnCommand(['token', '-i', CLUSTER_ID, JWT], { environment: person }))
  t.equal(code, 0)
  const [, expires = '', token = ''] = /"expirationTimestamp":"([^"]+)","token":"([^"]+)"/.exec(stdout) ?? []
  const { claims } = decodeJwt(t, aws, token)
  t.match(claims, { exp: Date.parse(expires) / 1000 + 60 })
})

t.test('a session that ends in 5 minutes gets a shorter JWT, also if its end is not known', async (t) => {
  const { aws, person } = await start(t)
  const expires = new Date(Date.now() + 5 * MINUTE)
  aws.sts.identities.set('ASIASHORTSHORTSHORTS', { ...USER, sessionToken: 'short', expires })
  const session = {
    AWS_ACCESS_KEY_ID: 'ASIASHORTSHORTSHORTS',
    AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
    AWS_SESSION_TOKEN: 'short',
  }
  const known = { ...session, AWS_CREDENTIAL_EXPIRATION: expires.toISOString() }
  const one = decodeJwt(t, aws, tokenOf(t, await runToken([JWT], { ...person, ...known }), 'known'))
  t.ok(one.seconds > 270 && one.seconds <= 300, `${one.seconds} s`)
  t.same(asked(aws), ['GetWebIdentityToken'])
  const two = decodeJwt(t, aws, tokenOf(t, await runToken([JWT], { ...person, ...session }), 'not known'))
  t.equal(two.seconds, 225)
  t.equal(asked(aws).length, 4)
})

t.test('a wrong clock is reported, and the expiration is by this clock', async (t) => {
  for (const [offset, difference] of [
    [40 * MINUTE, 'behind'],
    [-40 * MINUTE, 'ahead of'],
  ] as const) {
    const { aws, person } = await start(t, offset)
    for (const role of [[], ['-r', ROLE_ARN]]) {
      const args = ['token', '-i', CLUSTER_ID, JWT, '--cache', ...role]
      const { code, stdout, stderr } = await finish(spawnCommand(args, { environment: person }))
      t.equal(code, 0)
      t.match(stderr, `the clock of this machine is 40 minutes ${difference} AWS`)
      const [, expires = '', token = ''] = /"expirationTimestamp":"([^"]+)","token":"([^"]+)"/.exec(stdout) ?? []
      t.ok(decodeJwt(t, aws, token).seconds > 880)
      t.ok(Math.abs(Date.parse(expires) - Date.now() - 14 * MINUTE) < MINUTE / 2)
    }
  }
})
