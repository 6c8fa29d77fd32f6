import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import type { Server } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { AwsError } from '@aws-iam-authenticator/sandbox/aws/aws-error'
import { failure } from '@aws-iam-authenticator/sandbox/aws/query-protocol'
import { clusterTls } from './harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './harness/command.ts'
import { HOSTILE, HOSTILE_LINES, HOSTILE_XML, quoted, ranSafely, shownSafely } from './harness/hostile-text.ts'
import { startPersonCluster } from './harness/person-cluster.ts'
import { personEnvironment } from './harness/person.ts'
import { noTerminal, openCommand } from './harness/terminal.ts'
import { addIdentity, signToken, startAws, userToken } from './harness/webhook.ts'

const ROLE_ARN = 'arn:aws:iam::111122223333:role/Admin'

async function portOf(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('the server listens on no port')
  return address.port
}

/** Runs a command in a folder of its own with these files. */
function homeWith(
  t: Test,
  files: Readonly<Record<string, string>>,
): {
  readonly folder: string
  readonly run: (args: readonly string[], environment?: Environment, input?: string) => Promise<Finished>
} {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return {
    folder,
    run: (args, environment = {}, input = '') =>
      runCommand(args, { cwd: folder, input, environment: { ...minimalEnvironment(folder), ...environment } }),
  }
}

const BAD_CONFIGURATION = `clusterID: x\nserver:\n  port: ${quoted(HOSTILE_LINES)}\n  ${quoted(HOSTILE_LINES)}: 1\n`

t.test('errors of the command line', async (t) => {
  const { run } = homeWith(t, { 'config.yaml': BAD_CONFIGURATION, 'other.yaml': `${HOSTILE}: [` })
  const rows: readonly (readonly string[])[] = [
    [HOSTILE_LINES],
    ['add', HOSTILE_LINES],
    ['token', `--${HOSTILE_LINES}`],
    ['token', '-\u001b\u009b'],
    ['token', '-i', 'x', '--log-format', HOSTILE_LINES],
    ['token', '-i', 'x', '-c', `${HOSTILE_LINES}.yaml`],
    ['token', '-i', 'x', '-c', HOSTILE_LINES],
    ['token', '-i', 'x', `--feature-gates=${HOSTILE_LINES}`],
    ['lint', HOSTILE_LINES],
    ['explain', '--arn', HOSTILE_LINES],
    ['explain', '--arn', ROLE_ARN, HOSTILE_LINES],
    ['kubeconfig', '-i', 'x', '--kubeconfig', `${HOSTILE_LINES}/config`, '--context', HOSTILE_LINES],
    ['server', '-i', 'x', '--backend-mode', HOSTILE_LINES],
    ['server', '-c', 'config.yaml'],
    ['init', '-c', 'config.yaml'],
    [
      'add',
      'user',
      '--kubeconfig',
      HOSTILE_LINES,
      '--userarn',
      'arn:aws:iam::111122223333:user/alice',
      '--username',
      'x',
      '--groups',
      'x',
    ],
    ['status', '--state-dir', HOSTILE_LINES],
  ]
  for (const [index, args] of rows.entries()) ranSafely(t, await run(args), 1, `row ${index}`)
  for (const variable of ['AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY', 'DEFAULT_ROLE', 'AWS_PROFILE', 'AWS_REGION']) {
    const { stdout, stderr } = await run(['token', '-i', 'x'], { [variable]: HOSTILE_LINES })
    if (variable !== 'DEFAULT_ROLE') shownSafely(t, stdout + stderr, variable)
  }
})

t.test('lint and explain', async (t) => {
  const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - {rolearn: ${quoted(HOSTILE_LINES)}, username: a, groups: [a]}\n    - {rolearn: ${ROLE_ARN}, username: ${quoted(HOSTILE_LINES)}, groups: [${quoted(HOSTILE)}]}\n`
  const { run } = homeWith(t, { 'aws-auth.yaml': manifest, 'config.yaml': BAD_CONFIGURATION })
  for (const output of [[], ['-o', 'json']]) {
    for (const file of ['aws-auth.yaml', 'config.yaml']) {
      ranSafely(t, await run(['lint', file, ...output]), 1, `lint ${file} ${output.join(' ')}`)
    }
    const explained = await run(['explain', '--arn', ROLE_ARN, 'aws-auth.yaml', ...output])
    ranSafely(t, explained, 0, `explain ${output.join(' ')}`)
    if (output.length > 0)
      t.match(JSON.parse(explained.stdout), { user: { username: HOSTILE_LINES, groups: [HOSTILE] } })
  }
})

t.test('token', async (t) => {
  const aws = await startAws(t)
  const { folder, run } = homeWith(t, {})
  mkdirSync(join(folder, '.aws'))
  const process = `[profile work]\ncredential_process = printf '${HOSTILE}\\n\\033[2JError: forged' >&2; exit 3\n`
  writeFileSync(join(folder, '.aws/config'), `${process}[profile ${HOSTILE}]\nsource_profile = gone\nrole_arn = x\n`)
  const person = personEnvironment(folder, aws.environment, { AWS_REGION: 'us-east-1' })
  const keyless = { ...person, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
  const rows: readonly (readonly [name: string, args: readonly string[], environment: Environment])[] = [
    ['the ARN of a role', ['-r', HOSTILE_XML], person],
    ['a profile that is not there', [], { ...keyless, AWS_PROFILE: HOSTILE_LINES }],
    ['a profile', [], { ...keyless, AWS_PROFILE: HOSTILE }],
    ['the stderr of a credential process', [], { ...keyless, AWS_PROFILE: 'work' }],
    ['a path', ['-r', ROLE_ARN], { ...person, AWS_CA_BUNDLE: HOSTILE_LINES }],
    ['a web identity token', [], { ...keyless, AWS_WEB_IDENTITY_TOKEN_FILE: HOSTILE_LINES, AWS_ROLE_ARN: ROLE_ARN }],
  ]
  for (const [name, args, environment] of rows) {
    const failed = await run(['token', '-i', 'x', ...args], environment)
    ranSafely(t, failed, 1, name)
    t.equal(failed.stderr.trimEnd().split('\n').length, 1, `${name}: one line`)
  }
  for (const code of ['AccessDenied', 'ValidationError'] as const) {
    aws.faults.strike = (request) => Promise.resolve(failure(request, new AwsError(code, HOSTILE_XML)))
    const failed = await run(['token', '-i', 'x', '-r', ROLE_ARN], person)
    ranSafely(t, failed, 1, `STS says ${code}`)
    t.equal(failed.stderr.trimEnd().split('\n').length, 1, `STS says ${code}: one line`)
  }
})

t.test('token prints the requested version', async (t) => {
  const { folder, run } = homeWith(t, {})
  const person = personEnvironment(folder, { AWS_REGION: 'us-east-1' })
  const info = { KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion: HOSTILE_LINES }) }
  const hostile = await run(['token', '-i', 'x'], { ...person, ...info })
  ranSafely(t, hostile, 0, 'the version')
  t.match(JSON.parse(hostile.stdout), { apiVersion: HOSTILE_LINES, status: { token: /^k8s-aws-v1\.[\w-]+$/ } })
  const plain = await run(['token', '-i', 'x'], person)
  t.equal(plain.stdout, `${JSON.stringify(JSON.parse(plain.stdout))}\n`, 'JSON, as it was')
  t.match((await run(['token', '-i', 'x', '--token-only'], person)).stdout, /^k8s-aws-v1\.[\w-]+\n$/)
})

t.test('verify', async (t) => {
  const aws = await startAws(t)
  const { run } = homeWith(t, {})
  // Without a colon, which would end the id.
  const session = `${HOSTILE}\r\nforged\tline`
  const arn = `arn:aws:sts::111122223333:assumed-role/Reader/${session}`
  const token = signToken(...addIdentity(aws, { accountId: '111122223333', arn, userId: `AROAREADER:${session}` }))
  for (const output of [[], ['-o', 'json']]) {
    const { stdout, stderr } = await run(['verify', '-i', 'k8s.local', '-t', token, ...output], aws.environment)
    const shown = stdout + stderr
    t.not(shown, '')
    t.notMatch(shown.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    t.notMatch(shown, /^forged/m)
    if (output.length > 0 && stdout !== '') t.match(JSON.parse(stdout), { ARN: arn })
  }
  const foreign = userToken({ host: `sts.\u009b2J.amazonaws.com` })
  const { stderr } = await run(['verify', '-i', 'k8s.local', '-t', foreign], aws.environment)
  t.match(stderr, /^could not verify token: [^\p{Cc}\p{Cf}]+\n$/u)
})

t.test('add', async (t) => {
  const data = { mapRoles: '[]\n', notes: HOSTILE_LINES, other: 'plain\ntext\n' }
  const cluster = await startPersonCluster(t, data)
  const add = (more: readonly string[], username = 'plain'): Promise<Finished> =>
    cluster.run(['add', 'role', '--rolearn', ROLE_ARN, '--groups', 'g', '--username', username, ...more], {
      input: 'n\n',
    })
  const kubeconfig = ['--kubeconfig', cluster.kubeconfig]
  const username = 'a\u202e\u200bz'
  const added = await add([...kubeconfig, '--prompt=false'], username)
  ranSafely(t, added, 0, 'the ConfigMap')
  t.strictSame(
    parse(added.stdout.replace('updated configmap:\n', '')),
    cluster.api.getConfigMap('kube-system', 'aws-auth'),
    'the same ConfigMap',
  )
  const asked = await add(kubeconfig, username)
  t.equal(asked.code, 0)
  t.match(asked.stdout, /^cancelled .*\\u202e/)
  t.notMatch((asked.stdout + asked.stderr).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, 'the question')
  cluster.api.putConfigMap('kube-system', 'aws-auth', {
    mapRoles: '- rolearn: arn:aws:iam::111122223333:role/B\n...\n',
  })
  const byHand = await add([...kubeconfig, '--prompt=false'], username)
  t.equal(byHand.code, 1)
  t.match(byHand.stderr, /kubectl edit.*\n {2}add\n {2}- rolearn: .*\n {4}username: "a\\u202e\\u200bz"\n/)
  t.notMatch(byHand.stderr.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, 'the entry to add by hand')

  const { cert, key } = clusterTls
  const refusing = createHttpsServer({ cert, key }, (_request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'Status', message: HOSTILE_LINES, code: 403 }))
  })
  const master = `https://127.0.0.1:${await portOf(t, refusing)}`
  ranSafely(t, await add([...kubeconfig, '--prompt=false', '--master-url', master]), 1, 'the API server')
  const unnamed = await add([...kubeconfig, '--prompt=false', '--kubeconfig-context', HOSTILE_LINES])
  ranSafely(t, unnamed, 1, 'the context')
})

t.test('kubeconfig', async (t) => {
  const { run } = homeWith(t, {})
  for (const name of ['--role', '--profile', '--region', '--server']) {
    ranSafely(t, await run(['kubeconfig', '-i', 'x', name, HOSTILE_LINES]), 1, name)
  }
  const names = ['-i', HOSTILE_LINES, '-s', HOSTILE]
  ranSafely(t, await run(['kubeconfig', ...names, '--dry-run']), 0, 'dry run')
  ranSafely(t, await run(['kubeconfig', ...names]), 0, 'written')
})

t.test('status', async (t) => {
  const { cert, key } = clusterTls
  const found = {
    statusVersion: 1,
    verdict: HOSTILE_LINES,
    problems: [{ message: HOSTILE }, { message: HOSTILE_LINES }],
    version: HOSTILE_LINES,
    clusterId: HOSTILE_LINES,
    checks: [{ name: HOSTILE, fault: HOSTILE_LINES }],
    backends: [
      {
        mode: HOSTILE_LINES,
        isLoaded: true,
        fault: HOSTILE_LINES,
        firstErrors: [{ source: HOSTILE, path: HOSTILE_LINES, message: HOSTILE_LINES }],
      },
    ],
    handshakes: { lastFailure: { time: HOSTILE, error: HOSTILE_LINES } },
    sts: [{ host: HOSTILE, lastFailure: { time: HOSTILE, error: HOSTILE_LINES } }],
    refusals: [{ reason: HOSTILE, arn: HOSTILE_LINES, error: HOSTILE_LINES }],
    auditLog: { path: HOSTILE_LINES, fault: HOSTILE },
  }
  const port = await portOf(
    t,
    createHttpsServer({ cert, key }, (_request, response) => {
      response.end(JSON.stringify(found))
    }),
  )
  const { folder, run } = homeWith(t, { 'cert.pem': cert })
  const args = ['status', '--port', String(port), '--state-dir', folder]
  ranSafely(t, await run(args), 2, 'text')
  const json = await run([...args, '-o', 'json'])
  ranSafely(t, json, 2, 'JSON')
  t.strictSame(JSON.parse(json.stdout), found)
})

t.test('init and the log of server, in both formats', async (t) => {
  const { folder, run } = homeWith(t, {})
  const there = join(folder, 'state\u001b[2J\u202e\u2028')
  writeFileSync(
    join(folder, 'config.yaml'),
    `clusterID: x\nserver:\n  stateDir: ${quoted(there)}\n  generateKubeconfig: ${quoted(join(there, 'kubeconfig'))}\n  "odd\\e\\u202e": 1\n`,
  )
  for (const format of ['text', 'json']) {
    const flags = ['-c', 'config.yaml', `--log-format=${format}`, '--feature-gates=ConfiguredInitDirectories=true']
    ranSafely(t, await run(['init', ...flags]), 0, `init ${format}`)
    const broken = await run(['server', ...flags, '--backend-mode=EKSConfigMap', '--kubeconfig', HOSTILE_LINES])
    ranSafely(t, broken, 1, `server ${format}`)
  }
})

t.test('completion', async (t) => {
  const { run } = homeWith(t, {})
  const typed = await run(['__complete', 'server', '--backend-mode', `:${HOSTILE},E`])
  ranSafely(t, typed, 0, 'what is typed')
  t.match(typed.stdout, /^[^\n]*EKSConfigMap\t\n$/)
  const lines = await run(['__complete', 'server', '--backend-mode', `:${HOSTILE_LINES},E`])
  t.match(lines, { code: 0, stdout: '', stderr: '' }, 'nothing fits a value of two lines')
})

t.test('cache clear', async (t) => {
  const { folder, run } = homeWith(t, {})
  const cache = join(folder, 'cache\u001b[2J')
  mkdirSync(join(cache, 'x'), { recursive: true })
  const { stdout, stderr } = await run(['cache', 'clear'], { AWS_IAM_AUTHENTICATOR_CACHE_FILE: cache })
  t.notMatch((stdout + stderr).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
})

t.test('a terminal gets our colours and nothing else', { skip: noTerminal }, async (t) => {
  const name = 'b\u001b[7m.yaml'
  const { folder } = homeWith(t, { [name]: 'x' })
  const terminal = await openCommand(t, ['lint', join(folder, name)], folder, { LC_ALL: 'C.UTF-8' })
  const shown = await terminal.waitFor('exit 1')
  t.match(shown, 'b\\u001b[7m.yaml')
  t.match(shown, /✗ 1 file checked/)
  t.ok((await terminal.coloured()).includes('\u001b[31m✗ 1 file checked'), 'in red')
})
