import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { COMMAND, minimalEnvironment, runCommand, spawnCommand, temporaryFolder } from './harness/command.ts'
import { personEnvironment } from './harness/person.ts'
import { freePort } from './harness/server.ts'
import { callerOf, CLUSTER_ID } from './harness/token.ts'
import { startAws } from './harness/webhook.ts'

const UID = 65_534
/** Without the hook of the test runner for Node.js, which writes files of root. */
const runAsUser = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--inh-caps=-all'] as const
const wrapper = [...runAsUser, 'env', '--unset=NODE_OPTIONS'] as const

const [program, ...options] = wrapper
const skip =
  spawnSync(program, [...options, ...COMMAND, 'version'], { env: {} }).status === 0
    ? false
    : 'only root can run the command as another user, who must be able to reach it'

interface Node {
  readonly folder: string
  readonly state: string
  readonly certificate: string
  readonly key: string
  readonly kubeconfig: string
}

/** Starts the server as that user. Returns the line of its error, or null if it listens. */
async function start({ folder, state, kubeconfig }: Node): Promise<string | null> {
  const flags = ['-i', CLUSTER_ID, `--port=${await freePort()}`, `--state-dir=${state}`]
  const environment = { ...minimalEnvironment(folder), AWS_REGION: 'us-east-1' }
  const child = spawnCommand(['server', ...flags, `--generate-kubeconfig=${kubeconfig}`], { environment, wrapper })
  let output = ''
  child.stderr.setEncoding('utf8')
  for await (const text of child.stderr) {
    output += String(text)
    if (/^.*msg=listening .*\n/m.test(output)) break
  }
  child.kill('SIGKILL')
  const errors = output.split('\n').filter((line) => line.startsWith('Error: '))
  if (errors.length > 1 || /\n {4}at |a bug/.test(output)) throw new Error(output)
  return errors[0] ?? null
}

/** Runs the command of the error as root. */
function adviceOf(error: string): string {
  return /run as root: (.+)$/.exec(error)?.[1] ?? ''
}

type Case = readonly [what: string, file: (node: Node) => string, spoil: (node: Node) => void]

const CASES: readonly Case[] = [
  ['a key of another user', ({ key }) => key, ({ key }) => chownSync(key, 0, 0)],
  ['a key that nobody may read', ({ key }) => key, ({ key }) => chmodSync(key, 0)],
  [
    'a certificate that nobody may read',
    ({ certificate }) => certificate,
    ({ certificate }) => chmodSync(certificate, 0),
  ],
  [
    'a certificate of another user',
    ({ certificate }) => certificate,
    ({ certificate }) => {
      chownSync(certificate, 0, 0)
      chmodSync(certificate, 0o600)
    },
  ],
  [
    'a state folder of another user',
    ({ certificate }) => certificate,
    ({ state }) => {
      chownSync(state, 0, 0)
      chmodSync(state, 0o700)
    },
  ],
  [
    'a folder of the webhook kubeconfig that is of another user',
    ({ kubeconfig }) => kubeconfig,
    ({ kubeconfig }) => {
      writeFileSync(kubeconfig, 'of another port')
      chownSync(dirname(kubeconfig), 0, 0)
    },
  ],
]

function makeNode(folder: string): Node {
  chmodSync(folder, 0o755)
  const state = join(folder, 'state')
  const kubeconfig = join(folder, 'output', 'kubeconfig.yaml')
  for (const made of [state, dirname(kubeconfig)]) {
    mkdirSync(made)
    chownSync(made, UID, UID)
  }
  return { folder, state, certificate: join(state, 'cert.pem'), key: join(state, 'key.pem'), kubeconfig }
}

t.test('the error for a file of another user has the chown that fixes it', { skip }, async (t) => {
  const pattern = makeNode(temporaryFolder(t))
  t.equal(await start(pattern), null, 'with folders of its own it starts')
  for (const [what, file, spoil] of CASES) {
    const node = makeNode(temporaryFolder(t))
    for (const name of ['certificate', 'key'] as const) {
      writeFileSync(node[name], readFileSync(pattern[name]), { mode: name === 'key' ? 0o600 : 0o644 })
      chownSync(node[name], UID, UID)
    }
    spoil(node)
    const error = (await start(node)) ?? ''
    t.match(error, new RegExp(`^Error: Can't (?:read|write) ${file(node)} as uid ${UID}: EACCES`), what)
    const advice = adviceOf(error)
    t.match(advice, `chown ${UID} `, what)
    t.equal(spawnSync('sh', ['-c', advice]).status, 0, `${what}: ${advice}`)
    t.equal(await start(node), null, `${what}: it starts after ${advice}`)
  }
})

t.test('the error for missing folders has the command that creates them', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  const [state, output] = [join(folder, 'state'), join(folder, 'output')]
  const kubeconfig = join(output, 'kubeconfig.yaml')
  const node = { folder, state, certificate: join(state, 'cert.pem'), key: join(state, 'key.pem'), kubeconfig }
  const named: string[] = []
  for (let tries = 0; tries < 3; tries += 1) {
    const error = await start(node)
    if (error === null) break
    named.push(/^Error: Can't write (\S+) as uid 65534: EACCES/.exec(error)?.[1] ?? error)
    t.equal(spawnSync('sh', ['-c', adviceOf(error)]).status, 0, error)
  }
  t.same(named.sort(), [kubeconfig, node.certificate].sort())
  t.equal(await start(node), null)
})

t.test('init as another user reports the same', { skip }, async (t) => {
  const { folder, state } = makeNode(temporaryFolder(t))
  const run = { cwd: state, environment: minimalEnvironment(folder), wrapper }
  t.equal((await runCommand(['init', '-i', CLUSTER_ID], run)).code, 0)
  chownSync(join(state, 'key.pem'), 0, 0)
  const { code, stdout, stderr } = await runCommand(['init', '-i', CLUSTER_ID], run)
  t.same({ code, stdout }, { code: 1, stdout: '' })
  t.match(
    stderr,
    /^Error: Can't read key\.pem as uid 65534: EACCES.*run as root: chown 65534 key\.pem && chmod u\+r key\.pem/m,
  )
})

t.test('a cache of another user is a warning with the fix, and the token is printed', { skip }, async (t) => {
  const aws = await startAws(t)
  chmodSync(dirname(aws.caFile), 0o755)
  const { folder, state } = makeNode(temporaryFolder(t))
  chownSync(state, 0, 0)
  const cache = join(state, 'credentials.yaml')
  const environment = personEnvironment(folder, aws.environment, { AWS_IAM_AUTHENTICATOR_CACHE_FILE: cache })
  const args = ['token', '-i', CLUSTER_ID, '--token-only', '--region=eu-west-1', '--cache', '-r', ROLE_ARN]
  for (const says of [
    /can't write \S+: EACCES[^\n]*: set AWS_IAM_AUTHENTICATOR_CACHE_FILE/,
    /can't read \S+: EACCES/,
  ]) {
    const { code, stdout, stderr } = await runCommand(args, { environment, wrapper })
    t.equal(code, 0)
    t.match(stderr, /^unable to use cache: [^\n]+\n$/)
    t.match(stderr, says)
    t.match(await callerOf(aws, stdout), /assumed-role/)
    writeFileSync(cache, '', { mode: 0o600 })
  }
})
