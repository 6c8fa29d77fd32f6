import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { identities, ROLE_ARN, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { finish, spawnCommand, type Environment } from './harness/command.ts'
import { signingDate, urlOf } from './harness/presigned.ts'
import { callerOf, CLUSTER_ID, personAtHome, runToken } from './harness/token.ts'
import { USER_KEYS } from './harness/person.ts'

const MINUTE = 60_000
const ROLE = ['-r', ROLE_ARN]

/** An AWS whose clock differs from this machine's, which equals a wrong local clock. */
async function start(t: Test, offset: number): Promise<{ aws: SandboxAws; person: Environment }> {
  const aws = await startSandboxAws({ identities, roles, now: () => new Date(Date.now() + offset) })
  t.teardown(() => aws.close())
  return { aws, person: personAtHome(t, {}, aws.environment, USER_KEYS) }
}

t.test('a wrong clock is reported, and the token is signed with the time of AWS', async (t) => {
  const rows: readonly (readonly [offset: number, says: RegExp])[] = [
    [40 * MINUTE, /^the clock of this machine is 40 minutes behind AWS: .*; set the clock\n$/],
    [-40 * MINUTE, /^the clock of this machine is 40 minutes ahead of AWS: .*; set the clock\n$/],
    [3 * MINUTE, /^the clock of this machine is 3 minutes behind AWS/],
    [10_000, /^$/],
  ]
  for (const [offset, says] of rows) {
    const { aws, person } = await start(t, offset)
    const { code, stdout, stderr } = await runToken(['--cache', ...ROLE], person)
    t.equal(code, 0, String(offset))
    t.match(stderr, says)
    t.match(await callerOf(aws, stdout), /assumed-role\/Reader/)
    const signed = signingDate(urlOf(stdout.trim())).getTime() - Date.now()
    const expected = Math.abs(offset) < MINUTE ? 0 : offset
    t.ok(Math.abs(signed - expected) < 30_000, `signed ${signed} ms from now`)
    const cache = `${person['HOME'] ?? ''}/.kube/cache/aws-iam-authenticator/credentials.yaml`
    t.equal(existsSync(cache), expected === 0, 'credentials are kept only where the time is known to be right')
  }
})

t.test('the expiration uses the clock of this machine, as kubectl compares it', async (t) => {
  const { person } = await start(t, 40 * MINUTE)
  const { stdout } = await finish(spawnCommand(['token', '-i', CLUSTER_ID, ...ROLE], { environment: person }))
  const expires = Date.parse(/"expirationTimestamp":"([^"]+)"/.exec(stdout)?.[1] ?? '') - Date.now()
  t.ok(Math.abs(expires - 14 * MINUTE) < MINUTE / 2, `${expires} ms from now`)
})

t.test('if AWS refuses only because of the time, the error has the difference of the clocks', async (t) => {
  for (const [offset, difference] of [
    [40 * MINUTE, '40 minutes behind'],
    [-40 * MINUTE, '40 minutes ahead of'],
  ] as const) {
    const { person } = await start(t, offset)
    const { code, stdout, stderr } = await runToken(ROLE, { ...person, AWS_MAX_ATTEMPTS: '1' })
    t.same({ code, stdout }, { code: 1, stdout: '' })
    t.match(stderr, `could not get token: the clock of this machine is ${difference} AWS, so that AWS refuses`)
    t.match(stderr, /: set the clock\n$/)
    const forwarded = await runToken([...ROLE, '--forward-session-name'], person)
    t.match(forwarded, { code: 0, stderr: /signed with the time of AWS/ }, 'the question who we are is asked again')
  }
})

t.test('a wrong secret is not attributed to the clock', async (t) => {
  for (const offset of [0, 40 * MINUTE]) {
    const { person } = await start(t, offset)
    const { stderr } = await runToken(ROLE, { ...person, AWS_SECRET_ACCESS_KEY: 'wrong' })
    t.match(stderr, /SignatureDoesNotMatch.*check the secret access key/)
  }
})
