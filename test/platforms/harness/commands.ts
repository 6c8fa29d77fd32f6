import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { commit, version } from '../../../scripts/build/bundle.ts'
import { ROLE_ARN, USER, USER_KEY_ID } from '../../sandbox/aws/example-account.ts'
import type { SandboxAws } from '../../sandbox/aws/sandbox.ts'
import type { Environment, Finished } from '../../e2e/harness/command.ts'
import { logIn, valueAt } from '../../e2e/harness/logins.ts'
import { USER_KEYS } from '../../e2e/harness/person.ts'
import { urlOf } from '../../e2e/harness/presigned.ts'
import type { TestServer } from '../../e2e/harness/server.ts'
import { asked, CLUSTER_ID, KEYS_PROFILE } from '../../e2e/harness/token.ts'
import type { Machine, Person } from './machine.ts'

/** The configuration of the server that the tokens log in to: the user is alice, and sessions of the role are readers. */
export const CONFIGURATION: string = `clusterID: ${CLUSTER_ID}
server:
  mapUsers:
    - userARN: ${USER.arn}
      username: alice
      groups: [staff]
  mapRoles:
    - roleARN: arn:aws:iam::111122223333:role/Reader
      username: reader
      groups: [readers]
`

/** An emulated machine, and a server that its tokens log in to. */
export interface Setting {
  readonly machine: Machine
  readonly aws: SandboxAws
  readonly server: TestServer
}

export const TOKEN = ['token', '-i', CLUSTER_ID, '--token-only'] as const
const REGION = { AWS_REGION: 'eu-west-1' }

/** Creates a person whose home also has the certificate of the sandbox. */
export function personOf({ machine, aws }: Setting, files?: Parameters<Machine['person']>[0]): Person {
  return machine.person((path) => ({ ...files?.(path), 'ca.pem': aws.ca }))
}

/** The variables that lead a person to the sandbox. */
export function toSandbox({ aws }: Setting, person: Person): Environment {
  return { ...REGION, HTTPS_PROXY: aws.proxyUrl, AWS_CA_BUNDLE: person.path('ca.pem') }
}

/** Asserts that a run was silent and that its token logs in as this user. */
export async function checkToken(t: Test, { server }: Setting, run: Finished, user: string): Promise<string> {
  t.same({ code: run.code, stderr: run.stderr }, { code: 0, stderr: '' })
  const token = run.stdout.trimEnd()
  t.equal(run.stdout, `${token}\n`)
  t.equal(await logIn(server, token), user)
  return token
}

async function testVersion(t: Test, setting: Setting): Promise<void> {
  const { code, stdout, stderr } = await personOf(setting).run(['version', '-o', 'json'])
  t.same({ code, stderr }, { code: 0, stderr: '' })
  t.same(JSON.parse(stdout), { Version: version(), Commit: commit() })
}

async function testEnvironment(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting)
  const { code, stdout, stderr } = await person.run(['token', '-i', CLUSTER_ID], { ...USER_KEYS, ...REGION })
  t.same({ code, stderr }, { code: 0, stderr: '' })
  t.match(stdout, /^\{.*\}\n$/)
  const credential: unknown = JSON.parse(stdout)
  t.match(credential, { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1beta1' })
  const expires = Date.parse(String(valueAt(credential, 'status', 'expirationTimestamp')))
  t.ok(Math.abs(expires - Date.now() - 14 * 60_000) < 60_000, 'valid for 14 minutes')
  t.equal(await logIn(setting.server, String(valueAt(credential, 'status', 'token'))), 'alice')
}

async function testNoCredentials(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting)
  const { code, stdout, stderr } = await person.run(TOKEN, REGION)
  t.same({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /^could not get token: no AWS credentials found[^\n]*\n$/)
  t.ok(stderr.includes(person.path('.aws/credentials')), stderr)
}

async function testFiles(t: Test, setting: Setting): Promise<void> {
  const credentials = `[default]\naws_access_key_id = ${USER_KEY_ID}\naws_secret_access_key = ${USER.secretAccessKey}\n`
  const config = `[default]\nregion = eu-central-1\n${KEYS_PROFILE}region = us-west-2\n`
  const person = personOf(setting, () => ({ '.aws/credentials': credentials, '.aws/config': config }))
  const byDefault = await checkToken(t, setting, await person.run(TOKEN), 'alice')
  t.match(urlOf(byDefault), /^https:\/\/sts\.eu-central-1\.amazonaws\.com\//)
  const named = await checkToken(t, setting, await person.run(TOKEN, { AWS_PROFILE: 'keys' }), 'alice')
  t.match(urlOf(named), /^https:\/\/sts\.us-west-2\.amazonaws\.com\//)
}

async function testCredentialProcess(t: Test, setting: Setting): Promise<void> {
  const { printer } = setting.machine
  const keys = { Version: 1, AccessKeyId: USER_KEY_ID, SecretAccessKey: USER.secretAccessKey }
  const person = personOf(setting, (path) => ({
    '.aws/config': `[profile tool]\ncredential_process = "${path(`my tools/${printer.name}`)}" work\n`,
    [`my tools/${printer.name}`]: printer.text,
    'my tools/work.json': JSON.stringify(keys),
  }))
  await checkToken(t, setting, await person.run(TOKEN, { ...REGION, AWS_PROFILE: 'tool' }), 'alice')
}

async function testCache(t: Test, setting: Setting): Promise<void> {
  const { aws } = setting
  const person = personOf(setting)
  const args = [...TOKEN, '--cache', '-r', ROLE_ARN]
  const environment = { ...toSandbox(setting, person), ...USER_KEYS }
  // The server's own calls are GetCallerIdentity.
  const assumed = (): number => asked(aws).filter((action) => action === 'AssumeRole').length
  const before = assumed()
  await checkToken(t, setting, await person.run(args, environment), 'reader')
  t.equal(assumed(), before + 1)
  const folder = join(person.home, '.kube/cache/aws-iam-authenticator')
  t.same(readdirSync(folder), ['credentials.yaml'], 'nothing is left beside the cache')
  t.notMatch(readFileSync(join(folder, 'credentials.yaml'), 'utf8'), USER.secretAccessKey)
  const nowhere = { ...environment, HTTPS_PROXY: 'http://127.0.0.1:9' }
  await checkToken(t, setting, await person.run(args, nowhere), 'reader')

  const fresh = { ...environment, AWS_IAM_AUTHENTICATOR_CACHE_FILE: 'cache.yaml' }
  const runs = await Promise.all(['one', 'two', 'three'].map((name) => person.run([...args, '-s', name], fresh)))
  for (const run of runs) await checkToken(t, setting, run, 'reader')
  t.same(
    readdirSync(person.home).filter((name) => name.startsWith('cache')),
    ['cache.yaml'],
    'in the working folder, and without its locks',
  )
  const calls = assumed()
  await checkToken(t, setting, await person.run([...args, '-s', 'two'], fresh), 'reader')
  t.equal(assumed(), calls, 'none of the three is lost')
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

async function testKubeconfig(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting, () => ({ '.aws/config': KEYS_PROFILE }))
  const args = ['kubeconfig', '-i', CLUSTER_ID, '--profile=keys', '--region=eu-west-1']
  for (const [named, file] of [
    [[], '.kube/config'],
    [['--kubeconfig=config'], 'config'],
  ] as const) {
    const { code, stdout, stderr } = await person.run([...args, ...named])
    t.same({ code, stdout }, { code: 0, stdout: '' }, stderr)
    const said = named.length === 0 ? person.path(file) : file
    t.ok(stderr.startsWith(`wrote user "${CLUSTER_ID}" in ${said}\n`), stderr)
    const user: unknown = valueAt(parse(readFileSync(join(person.home, file), 'utf8')), 'users', '0', 'user')
    t.match(user, { exec: { command: 'aws-iam-authenticator', args: ['token', '-i', CLUSTER_ID] } })
  }
  const again = await person.run(args)
  t.equal(again.code, 0)
  t.ok(again.stderr.startsWith(`user "${CLUSTER_ID}" in ${person.path('.kube/config')} is up to date\n`), again.stderr)

  // What kubectl runs.
  const exec = valueAt(parse(readFileSync(join(person.home, '.kube/config'), 'utf8')), 'users', '0', 'user', 'exec')
  const environment = Object.fromEntries(
    items(valueAt(exec, 'env')).map((each) => [String(valueAt(each, 'name')), String(valueAt(each, 'value'))]),
  )
  const execArgs = items(valueAt(exec, 'args')).map(String)
  await checkToken(t, setting, await person.run([...execArgs, '--token-only'], environment), 'alice')
}

async function testInit(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting)
  const { code, stdout, stderr } = await person.run(['init', '-i', CLUSTER_ID])
  t.same({ code, stdout }, { code: 0, stdout: '' }, stderr)
  const files = ['aws-iam-authenticator.kubeconfig', 'cert.pem', 'key.pem']
  const read = (): string[] => files.map((name) => readFileSync(join(person.home, name), 'utf8'))
  const [kubeconfig = '', certificate = '', key = ''] = read()
  const parsed = new X509Certificate(certificate)
  t.ok(parsed.checkPrivateKey(createPrivateKey(key)))
  t.equal(parsed.subjectAltName, 'IP Address:127.0.0.1, DNS:localhost')
  t.match(parse(kubeconfig), {
    clusters: [
      {
        cluster: {
          server: 'https://localhost:21362/authenticate',
          'certificate-authority-data': Buffer.from(certificate).toString('base64'),
        },
      },
    ],
  })
  const again = await person.run(['init', '-i', CLUSTER_ID])
  t.equal(again.code, 0, again.stderr)
  t.same(read(), [kubeconfig, certificate, key], 'a second run changes nothing')
}

async function testLint(t: Test, setting: Setting): Promise<void> {
  const faulty = CONFIGURATION.replace('userARN', 'userArm')
  const person = personOf(setting, () => ({ 'good.yaml': CONFIGURATION, 'sub/bad.yaml': faulty }))
  t.match(await person.run(['lint', 'good.yaml']), { code: 0, stdout: /^1 file checked: [^\n]+\n$/, stderr: '' })
  const bad = await person.run(['lint', person.path('sub/bad.yaml')])
  t.equal(bad.code, 1)
  t.ok(bad.stdout.startsWith(`${person.path('sub/bad.yaml')}:4:7: error: `), bad.stdout)
  const piped = await person.run(['lint', '-'], {}, { input: faulty })
  t.match(piped, { code: 1, stdout: /^[^:]+:4:7: error: / })
}

async function testExplain(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting, () => ({ 'config.yaml': CONFIGURATION }))
  const explain = ['explain', '-c', 'config.yaml', '-o', 'json']
  const refused = await person.run([...explain, '--arn', `${USER.arn}-other`])
  t.equal(refused.code, 2, refused.stderr)

  const { stdout: token } = await person.run(TOKEN, { ...USER_KEYS, ...REGION })
  const followed = await person.run([...explain, '-t', '-'], toSandbox(setting, person), { input: token })
  t.same({ code: followed.code, stderr: followed.stderr }, { code: 0, stderr: '' })
  t.match(JSON.parse(followed.stdout), { user: { username: 'alice', groups: ['staff'] } })
  t.notOk(followed.stdout.includes(token.trim()))
}

/** Runs the commands that every platform has. */
export async function testCommands(t: Test, setting: Setting): Promise<void> {
  const cases: readonly (readonly [name: string, body: (t: Test, setting: Setting) => Promise<void>])[] = [
    ['version: the version and the commit', testVersion],
    ['token: keys in the environment', testEnvironment],
    ['token: no credentials', testNoCredentials],
    ['token: keys in the files of the home folder', testFiles],
    ['token: keys from a credential_process with spaces in its path', testCredentialProcess],
    ['token: a role, with the cache in the home folder', testCache],
    ['kubeconfig: the user that kubectl logs in as', testKubeconfig],
    ['init: a pair and a kubeconfig in the working folder', testInit],
    ['lint: files, and standard input', testLint],
    ['explain: an ARN, and a token', testExplain],
  ]
  for (const [name, body] of cases) await t.test(name, (test) => body(test, setting))
}
