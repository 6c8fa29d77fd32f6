import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { identities, ROLE_ARN, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { fillHostileFolder } from './harness/hostile-folder.ts'
import { personEnvironment } from './harness/person.ts'
import { presignedUrl, signingDate, tokenOfUrl, urlOf } from './harness/presigned.ts'
import { startTestServer } from './harness/server.ts'

const CONFIGURATION = `clusterID: k8s.local\nserver:\n  mapUsers:\n    - userARN: ${USER.arn}\n      username: alice\n`

interface Scene {
  readonly aws: SandboxAws
  readonly clean: string
  readonly hostile: string
  readonly marker: string
}

async function start(t: Test): Promise<Scene> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const [clean, hostile, elsewhere] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)]
  const marker = join(elsewhere, 'marker')
  fillHostileFolder(hostile, marker)
  return { aws, clean, hostile, marker }
}

function sign(region = 'us-west-2', date = new Date()): string {
  const { secretAccessKey } = USER
  const host = `sts.${region}.amazonaws.com`
  return presignedUrl({ host, region, clusterId: 'k8s.local', accessKeyId: USER_KEY_ID, secretAccessKey, date })
}

/** Text that differs between runs, by clock and keys. */
function withoutTimes(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replace(/(aws-iam-authenticator)-\d+/g, '$1-N')
}

t.test('every subcommand does the same in a folder full of traps as in an empty one', async (t) => {
  const { aws, clean, hostile, marker } = await start(t)
  const token = tokenOfUrl(sign())
  const commands: readonly (readonly string[])[] = [
    [],
    ['help'],
    ['version'],
    ['version', '-o', 'json'],
    ['token'],
    ['token', '--help'],
    ['token', '-i', 'k8s.local', '--role', 'nonsense'],
    ['verify', '-t', token],
    ['verify', '-i', 'k8s.local', '-t', token, '-o', 'json'],
    ['verify', '-i', 'other.local', '-t', token],
    ['explain', '-i', 'k8s.local', '-t', 'nonsense', '--arn', 'x'],
    ['explain', '--arn', 'arn:aws:iam::123456789012:role/x', '-c', 'config.yaml'],
    ['lint'],
    ['lint', 'config.yaml'],
    ['init'],
    ['server'],
    ['server', '-i', 'k8s.local', '-c', 'config.yaml'],
    ['nonsense'],
  ]
  const same = async (args: readonly string[], more: Environment): Promise<void> => {
    const results = await Promise.all(
      [clean, hostile].map((cwd) => {
        const environment = personEnvironment(cwd, aws.environment, { AWS_REGION: 'us-west-2' }, more)
        return runCommand(args, { cwd, environment })
      }),
    )
    const [expected, actual] = results.map(({ code, stdout, stderr }) => {
      return { code, stdout: withoutTimes(stdout), stderr: withoutTimes(stderr) }
    })
    t.same(actual, expected, args.join(' ').slice(0, 40))
  }
  for (const args of commands) await same(args, {})
  for (const name of ['production', 'development', 'test']) await same(['token'], { NODE_ENV: name })
  t.notOk(existsSync(marker), 'nothing of the folder was run')
})

t.test('a token in that folder uses only the environment', async (t) => {
  const { aws, hostile, marker } = await start(t)
  const environment = personEnvironment(hostile, aws.environment, { AWS_REGION: 'us-west-2' })
  const signed = await runCommand(['token', '-i', 'k8s.local', '--token-only'], { cwd: hostile, environment })
  t.equal(signed.stderr, '')
  const url = urlOf(signed.stdout.trim())
  t.equal(url, sign('us-west-2', signingDate(url)))

  const assumed = await runCommand(['token', '-i', 'k8s.local', '-r', ROLE_ARN], { cwd: hostile, environment })
  t.equal(assumed.stderr, '')
  t.match(JSON.parse(assumed.stdout), { apiVersion: 'client.authentication.k8s.io/v1beta1' })

  const without: Environment = { ...minimalEnvironment(hostile), ...aws.environment }
  const keyless = await runCommand(['token', '-i', 'k8s.local'], { cwd: hostile, environment: without })
  t.equal(keyless.code, 1)
  t.match(keyless.stderr, /^could not get token: no AWS credentials found/)
  const nameless = await runCommand(['token'], { cwd: hostile, environment })
  t.equal(nameless.code, 1)
  t.match(nameless.stderr, /^Error: cluster ID not specified/)
  t.notOk(existsSync(marker))
})

t.test('init creates its files there and runs nothing', async (t) => {
  const { hostile, marker } = await start(t)
  const before = readdirSync(hostile)
  const made = await runCommand(['init', '-i', 'k8s.local'], { cwd: hostile, environment: minimalEnvironment(hostile) })
  t.equal(made.code, 0)
  const added = readdirSync(hostile).filter((name) => !before.includes(name))
  t.same(added.sort(), ['aws-iam-authenticator.kubeconfig', 'cert.pem', 'key.pem'])
  t.notOk(existsSync(marker))
})

t.test('the server runs there as anywhere else', async (t) => {
  const { aws, hostile, marker } = await start(t)
  const server = await startTestServer(t, { aws, cwd: hostile, configuration: CONFIGURATION })
  const answer = await server.review(tokenOfUrl(sign()))
  t.match(answer.json, { status: { authenticated: true, user: { username: 'alice' } } })
  const other = await server.review(tokenOfUrl(sign().replace('us-west-2.amazonaws.com', 'us-west-2.evil.example')))
  t.match(other.json, { status: { authenticated: false } })
  t.notOk(server.log().some(({ level }) => level === 'debug' || level === 'trace'))
  t.equal((await server.stop()).code, 0)
  t.notOk(existsSync(marker))
})

t.test('no variable of the runtime changes the program', async (t) => {
  const { clean, hostile, marker } = await start(t)
  const preload = join(hostile, 'preload.js')
  writeFileSync(preload, `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`)
  const expected = await runCommand(['version'], { cwd: clean, environment: minimalEnvironment(clean) })
  const traps: readonly Environment[] = [
    { BUN_BE_BUN: '1' },
    { BUN_OPTIONS: `--preload ${preload}` },
    { BUN_OPTIONS: '--help' },
    { BUN_INSPECT_PRELOAD: preload },
  ]
  for (const trap of traps) {
    const environment = { ...minimalEnvironment(clean), ...trap }
    t.same(await runCommand(['version'], { cwd: clean, environment }), expected, Object.keys(trap).join())
  }
  t.notOk(existsSync(marker))
})
