import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import { hostileJwts } from '@aws-iam-authenticator/sandbox/aws/hostile-jwts'
import t from 'tap'
import { runCommand, temporaryFolder } from './harness/command.ts'
import { ADMIN, jwtConfiguration, startJwtSandbox } from './harness/jwt.ts'
import { CLUSTER_ID } from './harness/webhook.ts'

function checksOf(stdout: string): readonly string[] {
  const checks = [property(JSON.parse(stdout), 'checks')].flat()
  return checks.map((check) => `${String(property(check, 'check'))} ${String(property(check, 'outcome'))}`)
}

t.test('explain follows a JWT check by check, with the keys that its issuer publishes', async (t) => {
  const { aws, issuer, stranger, sign } = await startJwtSandbox(t)
  const folder = temporaryFolder(t)
  const config = join(folder, 'config.yaml')
  writeFileSync(config, jwtConfiguration(issuer))
  const explain = (token: string, ...args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(['explain', '-c', config, '-t', token, ...args], { environment: aws.environment })

  const person = sign(ADMIN, { source_identity: 'alice', principal_tags: { team: 'a' }, org_id: 'o-a1b2c3d4e5' })
  const good = await explain(person, '-o', 'json')
  t.equal(good.code, 0, good.stderr)
  t.match(JSON.parse(good.stdout), {
    outcome: 'mapped',
    identity: { arn: ADMIN, webIdentity: { sourceIdentity: 'alice', principalTags: { team: 'a' } } },
    user: { username: 'admin', extra: { 'aws-iam-authenticator/source-identity': ['alice'] } },
  })
  t.strictSame(checksOf(good.stdout), [
    'jwt_form passed',
    'issuer passed',
    'signing_key passed',
    'signature passed',
    'claims passed',
  ])
  const shown = await explain(person)
  t.match(shown.stdout, /source id +alice/)
  t.match(shown.stdout, /tags +team=a/)

  const hostile = new Map(
    hostileJwts({ issuer, stranger, audience: CLUSTER_ID, sub: ADMIN, now: new Date() }).map((each) => [
      each.name,
      each.token,
    ]),
  )
  for (const [name, reason, failed] of [
    ['alg None', 'malformed_token', 'jwt_form'],
    ['issuer of another account', 'untrusted_issuer', 'issuer'],
    ['kid is a path', 'unknown_signing_key', 'signing_key'],
    ['key of an attacker, right kid', 'bad_signature', 'signature'],
    ['another audience', 'wrong_audience', 'claims'],
    ['expired', 'expired', 'claims'],
    ['all of another account', 'untrusted_account', 'claims'],
  ] as const) {
    const { code, stdout, stderr } = await explain(hostile.get(name) ?? '', '-o', 'json')
    t.equal(code, 2, name)
    t.match(JSON.parse(stdout), { outcome: 'refused', reason }, name)
    t.ok(checksOf(stdout).includes(`${failed} failed`), `${name}: ${failed}`)
    const signature = hostile.get(name)?.split('.')[2] ?? ''
    t.notOk(signature !== '' && (stdout + stderr).includes(signature), `${name}: not shown`)
  }
  issuer.fault = 'reset'
  t.match(await explain(person), { code: 1, stdout: /keys_unavailable/ })

  writeFileSync(config, `clusterID: ${CLUSTER_ID}\n`)
  t.match(await explain(person), { code: 2, stdout: /takes no JWT/ })
})
