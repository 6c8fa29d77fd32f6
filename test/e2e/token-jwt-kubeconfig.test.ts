import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { identities, ROLE_ARN, roles, USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { runCommand, type Environment, type Finished } from './harness/command.ts'
import { commandFile } from './harness/govcloud.ts'
import { decodeJwt } from './harness/decode-jwt.ts'
import { kubeconfigHome } from './harness/kubeconfig-home.ts'
import { USER_KEYS } from './harness/person.ts'
import { personAtHome } from './harness/token.ts'

const FLAGS = [
  '--audience=https://k8s.example.com',
  '--signing-algorithm=RS256',
  '-r',
  ROLE_ARN,
  '--source-identity=jane',
]

async function start(t: Test): Promise<{ aws: SandboxAws; person: Environment; run: Run }> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  const environment = { ...person, PATH: `${dirname(commandFile(person['HOME'] ?? ''))}:${person['PATH'] ?? ''}` }
  return { aws, person, run: (...args) => runCommand(args, { environment }) }
}

type Run = (...args: string[]) => Promise<Finished>

/** The arguments of the only user's plugin. */
function argumentsIn(path: string): readonly string[] {
  const [user] = [property(parse(readFileSync(path, 'utf8')), 'users')].flat()
  return [property(property(property(user, 'user'), 'exec'), 'args')].flat().map(String)
}

function checkOf({ stdout }: Finished, name: string): unknown {
  const checks = [property(JSON.parse(stdout), 'checks')].flat()
  return checks.find((check) => textAt(check, 'name') === name)
}

t.test('kubeconfig writes a user that gets JWTs, and changes only what is given', async (t) => {
  const { path, run } = kubeconfigHome(t)
  t.equal((await run(['--token-type=jwt', '--cache', ...FLAGS])).code, 0)
  const file = path('.kube/config')
  const args = argumentsIn(file)
  for (const pair of [
    ['--token-type', 'jwt'],
    ['--audience', 'https://k8s.example.com'],
    ['--signing-algorithm', 'RS256'],
    ['--source-identity', 'jane'],
  ]) {
    t.match(args.join(' '), pair.join(' '))
  }
  t.equal((await run(['--source-identity=joe', '--signing-algorithm='])).code, 0)
  t.same(
    argumentsIn(file),
    args.map((arg) => (arg === 'jane' ? 'joe' : arg)).filter((arg) => !['--signing-algorithm', 'RS256'].includes(arg)),
  )
  const before = readFileSync(file, 'utf8')
  for (const [wrong, says] of [
    ['--token-type=jwe', /"jwe" is none of presigned, jwt/],
    ['--signing-algorithm=HS256', /"HS256" is none of ES384, RS256/],
    ['--source-identity=x y', /"x y" is not 2 to 64 letters/],
    ['--token-type=presigned', /--audience is for a JWT: .* remove the one that the user has with --audience=/],
  ] as const) {
    t.match(await run([wrong]), { code: 1, stderr: says }, wrong)
  }
  t.equal(readFileSync(file, 'utf8'), before)
  t.equal((await run(['--token-type=presigned', '--audience='])).code, 0)
})

t.test('the plugin of that user prints a JWT, and doctor checks it', async (t) => {
  const { aws, person, run } = await start(t)
  const wrote = await run(
    'kubeconfig',
    '-i',
    'k8s.local',
    '--token-type=jwt',
    ...FLAGS,
    '--server=https://127.0.0.1:1',
    '--context=c',
    '--use',
  )
  t.equal(wrote.code, 0, wrote.stderr)
  const file = join(person['HOME'] ?? '', '.kube/config')
  const args = argumentsIn(file)
  const { stdout } = await runCommand(args, { environment: person })
  const token = textAt(JSON.parse(stdout), 'status', 'token') ?? ''
  t.match(decodeJwt(t, aws, token), {
    algorithm: 'RS256',
    claims: { aud: 'https://k8s.example.com', sub: ROLE_ARN },
    aws: { source_identity: 'jane' },
  })

  const sound = await run('doctor', '-o', 'json')
  t.match(checkOf(sound, 'exec entry'), { state: 'ok', found: /cluster ID "k8s.local", token type jwt$/ })
  t.match(checkOf(sound, 'jwt'), {
    state: 'ok',
    found: /^AWS signs one for audience "https:\/\/k8s.example.com" with RS256, until 20/,
  })
  t.notMatch(sound.stdout, /eyJ/)
  aws.sts.federation.disabledAccounts.add(USER.accountId)
  const disabled = await run('doctor', '-o', 'json')
  t.match(checkOf(disabled, 'jwt'), { state: 'failed', found: /enable-outbound-web-identity-federation/ })
  t.match(checkOf(disabled, 'login'), { state: 'skipped' })
  const unknown = await run('doctor', '-o', 'json', '--context=none')
  t.equal(checkOf(unknown, 'jwt'), undefined, 'the type of the token is not known')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/--token-type\n.*jwt\n/, '--cache\n'))
  const wrong = await run('doctor', '-o', 'json')
  t.match(checkOf(wrong, 'exec entry'), {
    state: 'failed',
    found: /--audience is for a JWT: give --token-type=jwt too/,
  })
})

t.test('doctor has no check of a JWT for presigned tokens', async (t) => {
  const { run } = await start(t)
  t.equal((await run('kubeconfig', '-i', 'k8s.local', '--server=https://127.0.0.1:1', '--context=c', '--use')).code, 0)
  const found = await run('doctor', '-o', 'json')
  t.match(checkOf(found, 'exec entry'), { state: 'ok', found: /token type presigned$/ })
  t.equal(checkOf(found, 'jwt'), undefined)
})
