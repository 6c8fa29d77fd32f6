// Irregular files at the path of a file that the command reads: the command must end with an error that names the path.
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { COMMAND, minimalEnvironment, temporaryFolder, type Environment } from './harness/command.ts'
import { makeOddFile, ODD_KINDS, ODD_WORDS, runBounded, type OddKind } from './harness/odd-file.ts'
import { freePort, startTestServer } from './harness/server.ts'
import { CLUSTER_ID } from './harness/token.ts'
import { startAws } from './harness/webhook.ts'

const TOKEN = ['token', '-i', CLUSTER_ID, '--token-only', '--region=eu-west-1']
const SERVER = ['server', '-i', CLUSTER_ID, '--address=127.0.0.1', '--state-dir=state', '--kubeconfig-pregenerated']
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }
const SSO = `[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://example.awsapps.com/start
[profile work]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Developer
`

function hashed(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex')
}

interface Place {
  /** The path to read, relative to the working folder, which is the home folder too. */
  readonly file: string
  readonly args: readonly string[]
  readonly environment?: Environment
  readonly files?: Readonly<Record<string, string>>
  /** Kinds that are not an error: a broken link counts as a missing file, and a missing file is allowed. */
  readonly harmless?: readonly OddKind[]
  /** Kinds that count as a missing file, which has its own error. */
  readonly missing?: readonly OddKind[]
  /** True if a symbolic link is an error, whatever its target. */
  readonly isLinkRejected?: boolean
  readonly isReadByNode?: boolean
}

const CONTAINER = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/credentials' }
const IS_BROKEN_LINK_FINE = { harmless: ['broken link'] } as const

const PLACES: Readonly<Record<string, Place>> = {
  'key of init': { file: 'key.pem', args: ['init', '-i', CLUSTER_ID] },
  'certificate of init': { file: 'cert.pem', args: ['init', '-i', CLUSTER_ID] },
  'certificate of init --force': { file: 'cert.pem', args: ['init', '-i', CLUSTER_ID, '--force'] },
  'key of init --force': { file: 'key.pem', args: ['init', '-i', CLUSTER_ID, '--force'] },
  'kubeconfig of init': {
    file: 'aws-iam-authenticator.kubeconfig',
    args: ['init', '-i', CLUSTER_ID],
    ...IS_BROKEN_LINK_FINE,
  },
  'key of server': { file: 'state/key.pem', args: SERVER },
  'certificate of server': { file: 'state/cert.pem', args: SERVER },
  'configuration file': { file: 'config.yaml', args: ['version', '--config=config.yaml'] },
  'kubeconfig of server': {
    file: 'kubeconfig',
    args: [...SERVER, '--backend-mode=EKSConfigMap', '--kubeconfig=kubeconfig'],
  },
  'CA bundle': { file: 'ca.pem', args: SERVER, environment: { AWS_CA_BUNDLE: 'ca.pem' } },
  'certificate file': { file: 'ca.pem', args: SERVER, environment: { SSL_CERT_FILE: 'ca.pem' } },
  'additional certificates of server': { file: 'ca.pem', args: SERVER, environment: { NODE_EXTRA_CA_CERTS: 'ca.pem' } },
  'additional certificates of token': {
    file: 'ca.pem',
    args: [...TOKEN, '-r', ROLE_ARN],
    environment: { ...KEYS, NODE_EXTRA_CA_CERTS: 'ca.pem' },
    isReadByNode: true,
  },
  'AWS config': { file: '.aws/config', args: TOKEN, environment: KEYS, ...IS_BROKEN_LINK_FINE },
  'AWS credentials': {
    file: 'credentials',
    args: TOKEN,
    environment: { ...KEYS, AWS_SHARED_CREDENTIALS_FILE: 'credentials' },
    ...IS_BROKEN_LINK_FINE,
  },
  'web identity token': {
    file: 'token',
    args: TOKEN,
    environment: { AWS_WEB_IDENTITY_TOKEN_FILE: 'token', AWS_ROLE_ARN: ROLE_ARN },
  },
  'web identity token with a cache': {
    file: 'token',
    args: [...TOKEN, '--cache'],
    environment: { AWS_WEB_IDENTITY_TOKEN_FILE: 'token', AWS_ROLE_ARN: ROLE_ARN },
  },
  'SSO session': {
    file: `.aws/sso/cache/${hashed('sha1', 'corp')}.json`,
    args: [...TOKEN, '--cache'],
    environment: { AWS_PROFILE: 'work' },
    files: { '.aws/config': SSO },
    missing: ['broken link'],
  },
  'login session': {
    file: `sessions/${hashed('sha256', 'arn:aws:iam::111122223333:user/me')}.json`,
    args: TOKEN,
    environment: { AWS_PROFILE: 'work', AWS_LOGIN_CACHE_DIRECTORY: 'sessions' },
    files: { '.aws/config': '[profile work]\nlogin_session = arn:aws:iam::111122223333:user/me\n' },
    missing: ['broken link'],
  },
  'container token': {
    file: 'token',
    args: TOKEN,
    environment: { ...CONTAINER, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: 'token' },
    missing: ['broken link'],
  },
  'file of lint': { file: 'aws-auth.yaml', args: ['lint', 'aws-auth.yaml'] },
  'file of explain': { file: 'aws-auth.yaml', args: ['explain', `--arn=${ROLE_ARN}`, 'aws-auth.yaml'] },
  'kubeconfig of add': {
    file: 'kubeconfig',
    args: [
      'add',
      'user',
      '--userarn=arn:aws:iam::111122223333:user/me',
      '--username=me',
      '--groups=a',
      '--prompt=false',
      '--kubeconfig=kubeconfig',
    ],
  },
  'kubeconfig of kubeconfig': {
    file: 'kubeconfig',
    args: ['kubeconfig', '-i', CLUSTER_ID, '--kubeconfig=kubeconfig'],
    ...IS_BROKEN_LINK_FINE,
  },
  'certificate of status': { file: 'state/cert.pem', args: ['status', '--state-dir=state'] },
  'cache that is cleared': {
    file: '.kube/cache/aws-iam-authenticator/credentials.yaml',
    args: ['cache', 'clear'],
    isLinkRejected: true,
  },
}

for (const [
  name,
  { file, args, environment, files = {}, harmless = [], missing = [], isLinkRejected = false, isReadByNode = false },
] of Object.entries(PLACES)) {
  const skip = isReadByNode && COMMAND.length > 1 ? 'Node.js reads this file by itself, and waits' : false
  t.test(`the ${name}`, { skip }, async (t) => {
    for (const kind of ODD_KINDS) {
      const folder = temporaryFolder(t)
      mkdirSync(join(folder, 'state'))
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(folder, path, '..'), { recursive: true })
        writeFileSync(join(folder, path), text)
      }
      const path = join(folder, file)
      await makeOddFile(t, kind, path)
      const before = lstatSync(path).ino
      const run = { cwd: folder, environment: { ...minimalEnvironment(folder), ...environment } }
      const { code, signal, stderr } = await runBounded(args, run)
      if (harmless.includes(kind)) {
        t.same({ code, signal }, { code: 0, signal: null }, `${kind}: ${stderr}`)
        continue
      }
      t.same({ code, signal }, { code: 1, signal: null }, `${kind}: ${stderr}`)
      t.equal(lstatSync(path).ino, before, `${kind}: it is left as it is`)
      if (missing.includes(kind)) continue
      t.match(
        stderr,
        isLinkRejected && lstatSync(path).isSymbolicLink() ? /it is a symbolic link/ : ODD_WORDS[kind],
        kind,
      )
      t.ok(stderr.includes(basename(file)), `${kind}: ${stderr}`)
      t.notMatch(stderr, /\n {4}at |a bug/, kind)
    }
  })
}

t.test('a FIFO without a reader at the path of the audit log or the webhook kubeconfig', async (t) => {
  const aws = await startAws(t)
  const folder = temporaryFolder(t)
  const audit = join(folder, 'audit.log')
  await makeOddFile(t, 'FIFO', audit)
  const configuration = `clusterID: ${CLUSTER_ID}\nserver:\n  auditLog: ${audit}\n`
  const server = await startTestServer(t, { aws, configuration })
  await server.waitForLog(({ msg, error }) => /audit log/.test(String(msg)) && /ENXIO/.test(String(error)))
  t.equal((await server.review('k8s-aws-v1.none')).status, 200)

  const kubeconfig = join(folder, 'webhook.yaml')
  await makeOddFile(t, 'FIFO', kubeconfig)
  const args = ['server', '-i', CLUSTER_ID, `--state-dir=${folder}`, `--generate-kubeconfig=${kubeconfig}`]
  const run = { environment: minimalEnvironment(folder) }
  const { code, stderr } = await runBounded([...args, `--port=${await freePort()}`], run)
  t.equal(code, 1)
  t.match(stderr, /Can't write \S+webhook\.yaml as .*it is a FIFO/)
})

t.test('process substitution is read, and /dev/null is an empty file', async (t) => {
  const folder = temporaryFolder(t)
  const environment = { ...minimalEnvironment(folder), ...KEYS, AWS_CONFIG_FILE: '/dev/null' }
  const input = 'clusterID: k8s.local\n'
  const wrapper = ['bash', '-c', 'exec "$@" <(cat)', 'bash'] as const
  const piped = await runBounded(['lint'], { environment, wrapper, input })
  t.same({ code: piped.code, stderr: piped.stderr }, { code: 0, stderr: '' })
  t.match(piped.stdout, /^1 file checked/)
  t.equal((await runBounded(TOKEN, { environment })).code, 0)
})

t.test('a rename does not replace /dev/null', async (t) => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'null')
  symlinkSync('/dev/null', path)
  const args = ['server', '-i', CLUSTER_ID, `--state-dir=${folder}`, `--generate-kubeconfig=${path}`]
  const run = { environment: minimalEnvironment(folder) }
  const { code, stderr } = await runBounded([...args, `--port=${await freePort()}`], run)
  t.equal(code, 1)
  t.match(stderr, /Can't write \S+null as .*it is a device/)
  t.ok(lstatSync(path).isSymbolicLink())
})
