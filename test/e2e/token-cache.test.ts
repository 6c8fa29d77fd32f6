import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { isRecord, property } from '@aws-iam-authenticator/core/untrusted'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import {
  CHAINED_ROLE_ARN,
  identities,
  PARTNER_ROLE_ARN,
  ROLE_ARN,
  roles,
  USER,
  USER_KEY_ID,
} from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { COMMAND, finish, runCommand, spawnCommand, type Environment, type Finished } from './harness/command.ts'
import { asked, callerOf, CLUSTER_ID, KEYS_PROFILE, personAtHome, runToken, tokenOf } from './harness/token.ts'
import { USER_KEYS } from './harness/person.ts'

const ROLE = ['--cache', '-r', ROLE_ARN]
const CONFIG = `${KEYS_PROFILE}
[profile reader]
role_arn = ${ROLE_ARN}
source_profile = keys

[profile tool]
credential_process = HOME/tool.sh
`

/** In the format of the Go program. */
const CLUSTERS = `clusters:
  other:
    default:
      arn:aws:iam::111122223333:role/Other:
        accesskeyid: ASIAOTHER
        secretaccesskey: not-ours
        sessiontoken: not-ours-either
        source: AssumeRoleProvider
        canexpire: true
        expires: 2020-01-01T00:00:00Z
        accountid: "000011112222"
`

function sameProfile(id: string, secret: string): string {
  return `[profile same]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`
}

async function start(t: Test): Promise<SandboxAws> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return aws
}

function cacheOf(person: Environment): string {
  return join(person['HOME'] ?? '', '.kube/cache/aws-iam-authenticator/credentials.yaml')
}

function writeCache(path: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
}

t.test('a role is assumed once, and STS and providers are not called while its credentials are valid', async (t) => {
  const aws = await start(t)
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  const cold = await callerOf(aws, tokenOf(t, await runToken(ROLE, person), 'cold'))
  const connections = aws.proxyRequests.length
  const nowhere = { ...person, HTTPS_PROXY: 'http://127.0.0.1:9', SSL_CERT_FILE: '/nonexistent' }
  t.equal(await callerOf(aws, tokenOf(t, await runToken(ROLE, nowhere), 'warm, without a network')), cold)
  t.equal(await callerOf(aws, tokenOf(t, await runToken(ROLE, person), 'warm')), cold)
  t.same(asked(aws), ['AssumeRole'])
  t.equal(aws.proxyRequests.length, connections)

  const path = cacheOf(person)
  t.equal(statSync(path).mode & 0o777, 0o600)
  for (const folder of [dirname(path), dirname(dirname(path))]) t.equal(statSync(folder).mode & 0o777, 0o700)
  t.same(readdirSync(dirname(path)), ['credentials.yaml'], 'nothing is left beside it')
  t.notMatch(readFileSync(path, 'utf8'), USER.secretAccessKey)
})

t.test('the cache is at the path of the variable, and can be enabled in the configuration file', async (t) => {
  const aws = await start(t)
  const person = personAtHome(t, { 'config.yaml': 'clusterID: k8s.local\ncache: true\n' }, aws.environment, USER_KEYS)
  const file = join(person['HOME'] ?? '', 'deep/er/cache.yaml')
  const named = { ...person, AWS_IAM_AUTHENTICATOR_CACHE_FILE: file }
  const args = ['-c', join(person['HOME'] ?? '', 'config.yaml'), '-r', ROLE_ARN]
  for (const round of ['cold', 'warm']) tokenOf(t, await runToken(args, named), round)
  t.same(asked(aws), ['AssumeRole'])
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.throws(() => statSync(cacheOf(person)))
})

t.test('no identity gets the credentials of another', async (t) => {
  const aws = await start(t)
  const second = {
    ...USER,
    arn: 'arn:aws:iam::111122223333:user/bob',
    userId: 'AIDABOB',
    secretAccessKey: 'bobs-secret',
  }
  aws.sts.identities.set('AKIABOB', second)
  const files = {
    '.aws/config': CONFIG,
    'one/config': sameProfile(USER_KEY_ID, USER.secretAccessKey),
    'two/config': sameProfile('AKIABOB', second.secretAccessKey),
  }
  const person = personAtHome(t, files, aws.environment)
  const home = person['HOME'] ?? ''
  const bob = { AWS_ACCESS_KEY_ID: 'AKIABOB', AWS_SECRET_ACCESS_KEY: second.secretAccessKey }
  const rows: readonly (readonly [what: string, args: readonly string[], environment: Environment])[] = [
    ['alice', ROLE, USER_KEYS],
    ['bob', ROLE, bob],
    ['another session', [...ROLE, '-s', 'named'], USER_KEYS],
    ['another external id', ['--cache', '-r', PARTNER_ROLE_ARN, '-e', 'contract-7'], USER_KEYS],
    ['another role', ['--cache', '-r', PARTNER_ROLE_ARN, '-e', 'contract-7', '-s', 'xx'], USER_KEYS],
    ['another cluster', [...ROLE, '-i', 'other'], USER_KEYS],
    ['another region', [...ROLE, '--region', 'us-west-2'], USER_KEYS],
    ['a forwarded name', [...ROLE, '--forward-session-name'], USER_KEYS],
    ['a profile of one file', ROLE, { AWS_CONFIG_FILE: `${home}/one/config`, AWS_PROFILE: 'same' }],
    ['a profile of that name in another', ROLE, { AWS_CONFIG_FILE: `${home}/two/config`, AWS_PROFILE: 'same' }],
    ['a chain', ['--cache'], { AWS_PROFILE: 'reader' }],
    ['a chain and a role', ['--cache', '-r', CHAINED_ROLE_ARN], { AWS_PROFILE: 'reader' }],
  ]
  let calls = 0
  for (const [what, args, environment] of rows) {
    tokenOf(t, await runToken(args, { ...person, ...environment }), what)
    t.ok(asked(aws).length > calls, `${what}: STS was asked`)
    calls = asked(aws).length
  }
  for (const [what, args, environment] of rows) {
    tokenOf(t, await runToken(args, { ...person, ...environment }), `${what}, warm`)
    t.equal(asked(aws).length, calls, `${what}: STS was not asked again`)
  }
  const lost = await runToken(['--cache', '-r', PARTNER_ROLE_ARN, '-e', 'contract-8'], { ...person, ...USER_KEYS })
  t.match(lost, { code: 1, stdout: '' }, 'a wrong external id is no key to the right one')
  const thief = await runToken(ROLE, { ...person, ...USER_KEYS, AWS_SECRET_ACCESS_KEY: 'unknown' })
  t.match(thief, { code: 1, stdout: '' }, 'nor is an access key id without its secret')
})

/** Runs with exactly this environment: tap adds a variable to each process of Node.js. */
function runBare(environment: Environment): Promise<Finished> {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return finish(spawn('env', ['-i', ...variables, ...COMMAND, 'token', '-i', CLUSTER_ID, '--token-only', '--cache']))
}

t.test('a credential process is run again if its input changes', async (t) => {
  const aws = await start(t)
  const tool = `#!/bin/sh
echo run >> HOME/runs
echo '{"Version":1,"AccessKeyId":"'$TOOL_USER'","SecretAccessKey":"x","SessionToken":"y","Expiration":"2999-01-01T00:00:00Z"}'
`
  const person = personAtHome(t, { '.aws/config': CONFIG, 'tool.sh': tool }, aws.environment, { AWS_PROFILE: 'tool' })
  const home = person['HOME'] ?? ''
  chmodSync(join(home, 'tool.sh'), 0o700)
  const runs = (): number => readFileSync(join(home, 'runs'), 'utf8').split('\n').length - 1
  for (const [user, count] of [
    ['ASIAONE', 1],
    ['ASIAONE', 1],
    ['ASIATWO', 2],
    ['ASIAONE', 2],
  ] as const) {
    const token = tokenOf(t, await runBare({ ...person, TOOL_USER: user }), user).slice(11)
    t.match(Buffer.from(token, 'base64url').toString(), `X-Amz-Credential=${user}%2F`)
    t.equal(runs(), count)
  }
})

t.test('credentials are used while they are valid, and dropped at the next write', async (t) => {
  const aws = await start(t)
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  tokenOf(t, await runToken(ROLE, person), 'cold')
  const path = cacheOf(person)
  const whole = readFileSync(path, 'utf8')
  const soon = new Date(Date.now() + 90_000).toISOString()
  writeCache(path, whole.replace(/"expiration":"[^"]+"/, `"expiration":"${soon}"`))
  tokenOf(t, await runToken([...ROLE, '-s', 'second'], person), 'another')
  t.notMatch(readFileSync(path, 'utf8'), soon)
  tokenOf(t, await runToken(ROLE, person), 'again')
  t.equal(asked(aws).length, 3)
})

t.test('entries of other programs in the file stay', async (t) => {
  const aws = await start(t)
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  const path = cacheOf(person)
  const foreign = `# kept by hand\n${CLUSTERS}unknown:\n  - 007\n  - ~ # nothing\n`
  writeCache(path, foreign)
  for (const round of ['cold', 'warm']) tokenOf(t, await runToken(ROLE, person), round)
  tokenOf(t, await runToken([...ROLE, '-s', 'xx'], person), 'a second entry')
  t.equal(asked(aws).length, 2)
  const text = readFileSync(path, 'utf8')
  t.equal(text.slice(0, foreign.length), foreign)
  const file: unknown = parse(text)
  const before: unknown = parse(CLUSTERS)
  t.same(property(file, 'clusters'), property(before, 'clusters'))
  t.same(isRecord(file) && Object.keys(file), ['clusters', 'unknown', 'aws-iam-authenticator'])

  const cleared = await runCommand(['cache', 'clear'], { environment: person })
  t.same(cleared, { code: 0, signal: null, stdout: '', stderr: `removed 2 sets of credentials from ${path}\n` })
  t.equal(readFileSync(path, 'utf8'), foreign)
  t.match(await runCommand(['cache', 'clear'], { environment: person }), {
    code: 0,
    stderr: `nothing to remove: ${path} has no credentials\n`,
  })
  tokenOf(t, await runToken(ROLE, person), 'after clearing')
  t.equal(asked(aws).length, 3)
})

t.test('an unusable cache is a warning, and is not changed', async (t) => {
  const aws = await start(t)
  const rows: readonly (readonly [what: string, prepare: (path: string) => void, says: RegExp])[] = [
    ['open to the group', (path) => writeCache(path, CLUSTERS, 0o640), /open to group or others: run "chmod 600/],
    ['open to others', (path) => writeCache(path, CLUSTERS, 0o604), /open to group or others/],
    ['no YAML', (path) => writeCache(path, 'clusters: [unclosed'), /not a YAML mapping: delete it/],
    ['a list', (path) => writeCache(path, '- 1\n'), /not a YAML mapping: delete it/],
    ['a folder', (path) => mkdirSync(path, { recursive: true }), /is a directory, not a regular file/],
    [
      'a link',
      (path) => {
        writeCache(`${path}.target`, CLUSTERS)
        symlinkSync(`${path}.target`, path)
      },
      /is a symbolic link/,
    ],
    [
      'a folder that others write to',
      (path) => {
        writeCache(path, CLUSTERS)
        chmodSync(dirname(path), 0o777)
      },
      /can write to .*: run "chmod 700/,
    ],
    ['no folder', (path) => writeFileSync(dirname(dirname(dirname(path))), ''), /can't/],
  ]
  for (const [what, prepare, says] of rows) {
    const person = personAtHome(t, {}, aws.environment, USER_KEYS)
    prepare(cacheOf(person))
    for (const round of [1, 2]) {
      const { code, stdout, stderr } = await runToken(ROLE, person)
      t.equal(code, 0, what)
      t.match(stderr, /^unable to use cache: [^\n]+\n$/, `${what}, ${round}`)
      t.match(stderr, says, what)
      t.match(await callerOf(aws, stdout), /assumed-role/, what)
    }
  }
})

t.test('a held lock costs a second, a lock of a dead process nothing', async (t) => {
  const aws = await start(t)
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  const path = cacheOf(person)
  const lock = `${path}.held`
  const timed = async (): Promise<{ stderr: string; took: number }> => {
    const started = performance.now()
    const { code, stderr } = await runToken([...ROLE, '-s', `s${started}`], person)
    t.equal(code, 0)
    return { stderr, took: performance.now() - started }
  }
  const free = await timed()
  t.equal(free.stderr, '')
  writeFileSync(lock, `${process.pid} somebody-alive ${hostname()}`)
  const held = await timed()
  t.match(held.stderr, /^unable to use cache: another process holds .*credentials\.yaml\.held\n$/)
  t.ok(held.took >= 1000 && held.took < 1000 + free.took + 1500, `${held.took} ms`)
  t.match(readFileSync(lock, 'utf8'), 'somebody-alive', 'it is not taken from a process that runs')

  const gone = finish(spawnCommand(['version'], { environment: person }))
  const ended = spawnCommand(['version'], { environment: person })
  await Promise.all([gone, finish(ended)])
  writeFileSync(lock, `${ended.pid ?? 0} somebody-dead ${hostname()}`)
  writeFileSync(`${path}.somebody-dead.new`, 'half a fi')
  const dead = await timed()
  t.equal(dead.stderr, '')
  t.ok(dead.took < 1000 + free.took, `${dead.took} ms`)
  t.same(readdirSync(dirname(path)), ['credentials.yaml'], 'what the dead one had begun is gone too')
})

t.test('the token is for the requested cluster', async (t) => {
  const aws = await start(t)
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  tokenOf(t, await runToken(ROLE, person), 'cold')
  const token = tokenOf(t, await runToken(ROLE, person), 'warm')
  t.match(await callerOf(aws, token, CLUSTER_ID), /assumed-role/)
  t.match(await callerOf(aws, token, 'other'), /SignatureDoesNotMatch/)
})
