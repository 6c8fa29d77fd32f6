import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  finish,
  minimalEnvironment,
  spawnCommand,
  temporaryFolder,
  type Environment,
  type Finished,
} from './harness/command.ts'
import { startTestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION } from './harness/webhook.ts'

interface Start {
  readonly configuration?: string
  readonly args?: readonly string[]
  readonly environment?: Environment
  /** Prepares the state folder. */
  readonly prepare?: (folder: string) => void
}

/** A start that must fail: returns its outcome, and the folder it ran in. */
async function fail(t: Test, start: Start): Promise<Finished & { readonly folder: string }> {
  const folder = temporaryFolder(t)
  const config = join(folder, 'config.yaml')
  writeFileSync(config, start.configuration ?? USER_CONFIGURATION)
  start.prepare?.(folder)
  const flags = [
    `--config=${config}`,
    `--state-dir=${join(folder, 'state')}`,
    `--generate-kubeconfig=${join(folder, 'output', 'kubeconfig.yaml')}`,
    ...(start.args ?? []),
  ]
  const environment = { ...minimalEnvironment(folder), ...start.environment }
  const child = spawnCommand(['server', ...flags], { environment, cwd: folder })
  // A start that succeeds would run forever.
  const patience = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const finished = await finish(child)
  clearTimeout(patience)
  return { ...finished, folder }
}

/** The expected texts of the failed start, besides the file's name and the place. */
type Saying = readonly [name: string, start: Start, ...says: RegExp[]]

const mapped = (lists: string): string => `clusterID: k8s.local\nserver:\n${lists}`

const BAD_CONFIGURATIONS: readonly Saying[] = [
  ['YAML that is none', { configuration: 'clusterID: k8s.local\nserver:\n  mapRoles: [\n' }, /config\.yaml:[34]:\d+/],
  ['a tab', { configuration: 'server:\n\tport: 1\n' }, /config\.yaml:2:\d+/, /spaces/],
  [
    'a list for a map',
    { configuration: 'clusterID: k8s.local\nserver:\n  - port\n' },
    /config\.yaml:3:3/,
    /server/,
    /map/,
  ],
  [
    'a port that is none',
    { configuration: mapped('  port: https\n') },
    /config\.yaml:3:\d+/,
    /server\.port/,
    /"https"/,
    /65535/,
  ],
  [
    'a partition that is none',
    { configuration: mapped('  partition: aws-gov\n') },
    /config\.yaml:3:\d+/,
    /"aws-gov"/,
    /aws-us-gov/,
  ],
  [
    'a refusal status that is none',
    { configuration: mapped('  refusalStatus: 401\n') },
    /config\.yaml:3:\d+/,
    /"401"/,
    /200/,
    /403/,
  ],
  [
    'an unknown backend',
    { configuration: mapped('  backendMode: [MountedFile, ConfigMaps]\n') },
    /config\.yaml:3:\d+/,
    /"ConfigMaps"/,
    /EKSConfigMap/,
  ],
  [
    'an ARN that is none',
    { configuration: mapped('  mapRoles:\n    - rolearn: role/Admin\n      username: a\n') },
    /config\.yaml:4:\d+/,
    /mapRoles\[0\]\.rolearn/,
    /"role\/Admin"/,
    /arn:aws:iam::123456789012:role\//,
  ],
  [
    'an entry for nobody',
    { configuration: mapped('  mapRoles:\n    - username: a\n') },
    /config\.yaml:4:\d+/,
    /mapRoles\[0\]/,
    /rolearn/,
  ],
  [
    'a group that is another number elsewhere',
    { configuration: mapped('  mapUsers:\n    - userarn: arn:aws:iam::111122223333:user/a\n      groups: [010]\n') },
    /config\.yaml:5:\d+/,
    /groups\[0\]/,
    /"010" in quotes/,
  ],
  [
    'an unquoted account with leading zeros',
    { configuration: mapped('  mapAccounts: [012345678901]\n') },
    /config\.yaml:3:\d+/,
    /mapAccounts\[0\]/,
    /quotes/,
  ],
  [
    'a scrubbed account with leading zeros that were lost',
    { configuration: mapped('  scrubbedAccounts: [12345678901]\n') },
    /config\.yaml:3:\d+/,
    /"12345678901"/,
    /quotes/,
  ],
  [
    'a template without quotes',
    {
      configuration: mapped(
        '  mapUsers:\n    - userarn: arn:aws:iam::111122223333:user/a\n      username: {{SessionName}}\n',
      ),
    },
    /config\.yaml:5:\d+/,
    /username/,
    /quotes/,
  ],
]

t.test('an error in the configuration file is reported with its place, its value and the fix', async (t) => {
  for (const [name, start, ...says] of BAD_CONFIGURATIONS) {
    const { code, stdout, stderr, folder } = await fail(t, start)
    t.equal(code, 1, name)
    t.equal(stdout, '', name)
    for (const pattern of says) t.match(stderr, pattern, name)
    t.notMatch(stderr, /\n\s+at |Usage/, `${name}: neither a stack nor the usage`)
    t.throws(() => statSync(join(folder, 'state')), { code: 'ENOENT' }, `${name}: nothing was made`)
  }
  const two = await fail(t, { configuration: mapped('  mapAccounts: [1]\n  mapRoles:\n    - username: a\n') })
  t.match(
    two.stderr,
    /config\.yaml:3:\d+[\s\S]*config\.yaml:5:\d+|config\.yaml:5:\d+[\s\S]*config\.yaml:3:\d+/,
    'all at once',
  )
})

t.test('a usage error is one line', async (t) => {
  const cases: readonly Saying[] = [
    ['no cluster ID', { configuration: 'server: {}\n' }, /^Error: cluster ID not specified; run "/m],
    ['an unknown backend', { args: ['--backend-mode=Files'] }, /"Files"/, /MountedFile/],
    ['a backend twice', { args: ['--backend-mode=MountedFile,MountedFile'] }, /MountedFile/, /twice/],
    ['no backend', { args: ['--backend-mode='] }, /MountedFile/],
    ['an unknown gate', { args: ['--feature-gates=SSO=true'] }, /SSO/],
    ['a port that is none', { args: ['--port=70000'] }, /"70000"/, /65535/],
    ['an unknown flag', { args: ['--mode=x'] }, /unknown flag: --mode/],
  ]
  for (const [name, start, ...says] of cases) {
    const { code, stdout, stderr } = await fail(t, start)
    t.equal(code, 1, name)
    t.equal(stdout, '', name)
    for (const pattern of says) t.match(stderr, pattern, name)
    t.match(stderr, /^Error: [^\n]+; run "aws-iam-authenticator server --help"\n$/m, name)
  }
})

t.test('an unavailable file or port ends the start with one line that names it', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const cases: readonly Saying[] = [
    [
      'a config that is missing',
      { prepare: (folder) => rmSync(join(folder, 'config.yaml')) },
      /config\.yaml/,
      /ENOENT/,
    ],
    ['a config of an unknown format', { args: ['--config=/etc/hostname'] }, /\/etc\/hostname/, /\.yaml/],
    ['a port in use', { args: [`--port=${port}`] }, new RegExp(String(port)), /in use/i],
    [
      'a file in place of the state folder',
      { prepare: (folder) => writeFileSync(join(folder, 'state'), '') },
      /\/state\b/,
      /ENOTDIR|EEXIST/,
    ],
    [
      'a key without its certificate that is no key',
      {
        prepare: (folder) => {
          mkdirSync(join(folder, 'state'))
          writeFileSync(join(folder, 'state/key.pem'), 'x', { mode: 0o600 })
        },
      },
      /state\/key\.pem/,
      /state\/cert\.pem/,
    ],
    [
      'a certificate without its key',
      {
        prepare: (folder) => {
          mkdirSync(join(folder, 'state'))
          writeFileSync(join(folder, 'state/cert.pem'), 'x')
        },
      },
      /state\/cert\.pem/,
      /state\/key\.pem/,
    ],
    [
      'a file in place of the folder of the webhook kubeconfig',
      { prepare: (folder) => writeFileSync(join(folder, 'output'), '') },
      /output\/kubeconfig\.yaml/,
    ],
    [
      'a kubeconfig that is missing',
      { args: ['--backend-mode=EKSConfigMap', '--kubeconfig=/nonexistent/kubeconfig'] },
      /\/nonexistent\/kubeconfig/,
      /ENOENT/,
    ],
    ['no pod and no kubeconfig', { args: ['--backend-mode=EKSConfigMap'] }, /KUBERNETES_SERVICE_HOST/, /--kubeconfig/],
    [
      'a bundle of certificates that is missing',
      { environment: { AWS_CA_BUNDLE: '/nonexistent/ca.pem' } },
      /\/nonexistent\/ca\.pem/,
      /AWS_CA_BUNDLE/,
    ],
    ['a proxy that is no URL', { environment: { HTTPS_PROXY: 'ftp://secret@proxy' } }, /HTTPS_PROXY/],
  ]
  for (const [name, start, ...says] of cases) {
    const { code, signal, stdout, stderr } = await fail(t, start)
    t.same({ code, signal, stdout }, { code: 1, signal: null, stdout: '' }, name)
    const error = stderr.split('\n').filter((line) => line.startsWith('Error: '))
    t.equal(error.length, 1, `${name}: ${stderr}`)
    for (const pattern of says) t.match(error[0], pattern, name)
    t.notMatch(stderr, /\n {4}at |a bug|Usage|secret/, `${name}: no stack, no usage, no secret`)
  }
})

t.test('suspicious settings are warned about, and the server starts', async (t) => {
  const aws = await startAws(t)
  const configuration = `
clusterID: k8s.local
clusterId2: x
server:
  mapRole: []
  prot: 1
  mapRoles:
    - rolearn: arn:aws:iam::111122223333:role/Admin
      username: first
      grups: [x]
    - rolearn: arn:aws:iam::111122223333:role/admin
      username: second
`
  const server = await startTestServer(t, { aws, configuration, args: ['--backend-mode=File'] })
  const warnings = server.log().flatMap(({ level, msg }) => (level === 'warning' ? [String(msg)] : []))
  const expected = [
    /config\.yaml:3:\d+: clusterId2: /,
    /config\.yaml:5:\d+: server\.mapRole: .*did you mean mapRoles\?/,
    /config\.yaml:6:\d+: server\.prot: .*did you mean port\?/,
    /config\.yaml:10:\d+: server\.mapRoles\[0\]\.grups: .*did you mean groups\?/,
    /config\.yaml:8:\d+: server\.mapRoles\[0\]: .*server\.mapRoles\[1\]|server\.mapRoles\[1\].*server\.mapRoles\[0\]/,
    /\bFile\b.*\bMountedFile\b/,
  ]
  for (const pattern of expected) {
    t.equal(warnings.filter((warning) => pattern.test(warning)).length, 1, `${pattern} in\n${warnings.join('\n')}`)
  }
  t.equal(warnings.length, expected.length, warnings.join('\n'))
})

t.test('the webhook kubeconfig is written at each start, unless --kubeconfig-pregenerated is set', async (t) => {
  const aws = await startAws(t)
  const first = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  const { folder, kubeconfig, certificate } = first
  const written = readFileSync(kubeconfig, 'utf8')
  t.match(written, `https://localhost:${first.port}/authenticate`)
  t.match(written, Buffer.from(certificate).toString('base64'))
  t.equal(statSync(join(folder, 'key.pem')).mode & 0o777, 0o600)
  await first.stop()

  writeFileSync(kubeconfig, 'something else')
  const args = ['--kubeconfig-pregenerated=true']
  const second = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder, args })
  t.equal(readFileSync(kubeconfig, 'utf8'), 'something else')
  t.equal(second.certificate, certificate, 'the pair is kept')
  await second.stop()

  const third = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder })
  t.equal(readFileSync(kubeconfig, 'utf8'), written.replace(String(first.port), String(third.port)))
  rmSync(kubeconfig)
  await third.stop()
  const fourth = await startTestServer(t, { aws, configuration: USER_CONFIGURATION, folder, args })
  t.throws(() => statSync(kubeconfig), { code: 'ENOENT' })
  await fourth.stop()
})
