import { closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { identities, roles, ROLE_ARN, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { startConnectProxy } from '@aws-iam-authenticator/sandbox/proxy/connect-proxy'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { COMMAND, runCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { startHostileTlsServer } from './harness/hostile-server.ts'
import { personEnvironment } from './harness/person.ts'

const skipFull = process.platform === 'linux' ? false : 'only Linux has /dev/full'
const KEYLESS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: 'work' }

/** Asserts that an output is one line, without a stack. */
function isLine(t: Test, text: string, says: RegExp, what: string): void {
  t.match(text, /^[^\n]+\n$/, what)
  t.notMatch(text, /a bug|\n {4}at /, what)
  t.match(text, says, what)
}

/** Runs the command with one of its standard streams on a device. */
function runOn(device: string, stream: 1 | 2, args: readonly string[]): { code: number | null; written: string } {
  const descriptor = openSync(device, 'w')
  try {
    const [program, ...before] = COMMAND
    const environment = personEnvironment('/nonexistent', { AWS_REGION: 'us-east-1' })
    const stdio = ['ignore', stream === 1 ? descriptor : 'pipe', stream === 2 ? descriptor : 'pipe'] as const
    const { status, stdout, stderr } = spawnSync(program, [...before, ...args], {
      env: environment,
      stdio: [...stdio],
      encoding: 'utf8',
    })
    return { code: status, written: stream === 1 ? stderr : stdout }
  } finally {
    closeSync(descriptor)
  }
}

t.test('a full disk on stdout is one line that says so', { skip: skipFull }, (t) => {
  for (const args of [['version'], ['token', '-i', 'x'], ['--help'], ['help', 'token'], ['completion', 'bash']]) {
    const { code, written } = runOn('/dev/full', 1, args)
    t.equal(code, 1, args.join(' '))
    isLine(t, written, /can't write to standard output: no space left \(ENOSPC\): make room/, args.join(' '))
  }
  t.end()
})

t.test('a full disk on stderr changes neither the answer nor the exit code', { skip: skipFull }, (t) => {
  t.equal(runOn('/dev/full', 2, ['token']).code, 1)
  const { code, written } = runOn('/dev/full', 2, ['token', '-i', 'x', '--token-only', '--region', 'us-esat-1'])
  t.equal(code, 0)
  t.match(written, /^k8s-aws-v1\./)
  t.end()
})

t.test('paths that lead nowhere are errors that name them', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'folder.yaml'))
  symlinkSync('loop', join(folder, 'loop'))
  const long = `${'a'.repeat(300)}.yaml`
  const rows: readonly (readonly [args: string[], environment: Environment, says: RegExp])[] = [
    [['kubeconfig', '-i', 'x'], { HOME: '/proc/nope' }, /Can't write \/proc\/nope\/\.kube\/config as .*: ENOENT/],
    [['kubeconfig', '-i', 'x'], { HOME: join(folder, 'file') }, /file\/\.kube\/config .*ENOTDIR/],
    [['kubeconfig', '-i', 'x', '--kubeconfig', 'folder.yaml'], {}, /folder\.yaml: it is a directory/],
    [['kubeconfig', '-i', 'x', '--kubeconfig', 'loop'], {}, /loop.*ELOOP/],
    [['token', '-c', 'folder.yaml'], {}, /configuration file folder\.yaml: it is a directory/],
    [['token', '-c', 'file/x.yaml'], {}, /file\/x\.yaml: a part of its path is not a directory \(ENOTDIR\)/],
    [['token', '-c', long], {}, /a\.yaml: the name is too long \(ENAMETOOLONG\): choose a shorter path/],
    [['explain', '--arn', ROLE_ARN, 'folder.yaml'], {}, /can't read folder\.yaml: it is a directory/],
    [['lint', 'file/x.yaml'], {}, /can't read file\/x\.yaml: .*ENOTDIR/],
    [['token', '-i', 'x'], { AWS_CONFIG_FILE: 'folder.yaml' }, /folder\.yaml: it is a directory.*AWS_CONFIG_FILE/],
  ]
  for (const [args, more, says] of rows) {
    const environment = personEnvironment(folder, { AWS_REGION: 'us-east-1' }, more)
    const { code, stdout, stderr } = await runCommand(args, { environment, cwd: folder })
    t.same({ code, stdout }, { code: 1, stdout: '' }, args.join(' '))
    isLine(t, stderr, says, args.join(' '))
  }
})

t.test('lint checks the files of a folder', async (t) => {
  const folder = temporaryFolder(t)
  for (const name of ['maps', 'maps/sub.yaml', 'empty']) mkdirSync(join(folder, name))
  const files = {
    'b.yaml': 'clusterID: x\nserver:\n  port: 1\n',
    'a.json': '{"clusterID": "x", "server": {"port": "no"}}',
    'kustomization.yaml': 'patches: []\n',
    '.hidden.yaml': 'server: [\n',
    'README.md': 'server: [\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'maps', name), text)
  const environment = personEnvironment(folder)
  const lint = (...args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(['lint', ...args], { environment, cwd: folder })
  const found = await lint('maps')
  t.equal(found.code, 1)
  t.match(found.stdout, /^maps\/a\.json:1:\d+: error: server\.port: /m)
  t.match(found.stdout, /^maps\/kustomization\.yaml:1:1: warning: is nothing that can be checked/m)
  t.match(found.stdout, /^3 files checked: 1 error, 1 warning$/m)
  const none = await lint('empty')
  t.equal(none.code, 1)
  isLine(
    t,
    none.stderr,
    /^Error: can't read empty: it is a directory, .* no file in it ends in \.yaml, /,
    'a folder without files',
  )
})

t.test('a certificate that is rejected because of the time names the clock of this machine', async (t) => {
  const authority = createAuthority()
  const folder = temporaryFolder(t)
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, authority.pem)
  const other = join(folder, 'other.pem')
  writeFileSync(other, createAuthority().pem)
  const time =
    /by the clock of this machine, which says 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ: set the clock if that is wrong/
  const rows = [
    ['expired', 'expiredContext', { SSL_CERT_FILE: ca }, /has expired \(CERT_HAS_EXPIRED\) by/, time],
    ['from the future', 'futureContext', { SSL_CERT_FILE: ca }, /is not valid yet \(CERT_NOT_YET_VALID\)/, time],
    ['expired, with a bundle', 'expiredContext', { AWS_CA_BUNDLE: ca }, /ca\.pem, which AWS_CA_BUNDLE/, time],
    [
      'an unknown authority, with a bundle',
      'secureContext',
      { AWS_CA_BUNDLE: other },
      /is not trusted/,
      /only the CA certificates in \S+other\.pem, which AWS_CA_BUNDLE names, are trusted/,
    ],
  ] as const
  for (const [name, context, trust, ...says] of rows) {
    const server = await startHostileTlsServer(
      t,
      () => undefined,
      (host) => authority[context](host),
    )
    const proxy = await startConnectProxy({ route: () => server.port })
    t.teardown(() => proxy.close())
    const environment = personEnvironment(folder, { AWS_REGION: 'eu-west-1', HTTPS_PROXY: proxy.url }, trust)
    const { code, stdout, stderr } = await runCommand(['token', '-i', 'x', '-r', ROLE_ARN], { environment })
    t.same({ code, stdout }, { code: 1, stdout: '' }, name)
    for (const pattern of says) isLine(t, stderr, pattern, name)
  }
})

t.test('an unknown region names its origin and the nearest one', async (t) => {
  const folder = temporaryFolder(t)
  const config = join(folder, 'aws')
  const region = 'us-esat-1'
  writeFileSync(config, `[profile work]\nregion = ${region}\n`)
  writeFileSync(join(folder, 'config.yaml'), `clusterID: x\nregion: ${region}\n`)
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const work = { AWS_CONFIG_FILE: config, AWS_PROFILE: 'work' }
  const rows: readonly (readonly [args: string[], environment: Environment, origin: string])[] = [
    [['--region', region], {}, '--region'],
    [['-c', 'config.yaml'], {}, 'config.yaml:2'],
    [[], { AWS_REGION: region }, 'AWS_REGION'],
    [[], { AWS_DEFAULT_REGION: region }, 'AWS_DEFAULT_REGION'],
    [[], work, `profile "work" in ${config}`],
  ]
  for (const [args, more, origin] of rows) {
    const environment = personEnvironment(folder, { HTTPS_PROXY: aws.proxyUrl }, more)
    const token = ['token', '-i', 'x', '--token-only', ...args]
    const says = `region "${region}" of ${origin} is not one that AWS publishes (did you mean us-east-1?)`
    const signed = await runCommand(token, { environment, cwd: folder })
    t.match(signed, { code: 0, stdout: /^k8s-aws-v1\./ }, origin)
    t.equal(signed.stderr, `${says}: the server may not accept the token\n`, origin)
    const closed = { ...environment, HTTPS_PROXY: 'http://127.0.0.1:9' }
    const failed = await runCommand([...token, '-r', ROLE_ARN], { environment: closed, cwd: folder })
    t.equal(failed.code, 1, origin)
    t.match(failed.stderr, `; ${says}; check the network`, origin)
  }
  const environment = personEnvironment(folder, { AWS_REGION: 'us_east_1' })
  const { code, stderr } = await runCommand(['token', '-i', 'x'], { environment })
  t.equal(code, 1)
  isLine(t, stderr, /"us_east_1" is not the name.*; it comes from AWS_REGION \(did you mean us-east-1\?\)$/m, 'no name')
})

t.test('a region that is newer than this program is not a mistake', async (t) => {
  const environment = personEnvironment(temporaryFolder(t), { AWS_REGION: 'ap-southeast-9' })
  const { code, stderr } = await runCommand(['token', '-i', 'x'], { environment })
  t.same({ code, stderr }, { code: 0, stderr: '' })
})

t.test('a role that is not an ARN is completed', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const folder = temporaryFolder(t)
  const config = join(folder, 'config')
  writeFileSync(config, '[profile work]\nsso_account_id = 444455556666\nregion = us-gov-west-1\n')
  const work = { AWS_CONFIG_FILE: config, AWS_PROFILE: 'work' }
  const unreachable = { HTTPS_PROXY: 'http://127.0.0.1:9' }
  const rows: readonly (readonly [role: string, environment: Environment, says: string])[] = [
    ['Admin', { AWS_REGION: 'us-east-1' }, 'is not an ARN: write arn:aws:iam::111122223333:role/Admin\n'],
    ['role/team/Admin', { AWS_REGION: 'us-east-1' }, 'write arn:aws:iam::111122223333:role/team/Admin\n'],
    ['Admin', work, 'write arn:aws-us-gov:iam::444455556666:role/Admin\n'],
    ['123456789012:role/Admin', unreachable, 'write arn:aws:iam::123456789012:role/Admin\n'],
    ['Admin', unreachable, "write arn:aws:iam::ACCOUNT:role/Admin, with the account's 12 digits for ACCOUNT\n"],
    [
      'arn:aws:sts::123456789012:assumed-role/Admin/alice',
      unreachable,
      'is the ARN of a session, not of a role: write arn:aws:iam::123456789012:role/Admin\n',
    ],
  ]
  for (const [role, more, says] of rows) {
    const environment = personEnvironment(folder, aws.environment, more)
    const { code, stdout, stderr } = await runCommand(['token', '-i', 'x', '-r', role], { environment })
    t.same({ code, stdout }, { code: 1, stdout: '' }, role)
    t.match(stderr, `could not get token: role "${role}" `, role)
    t.ok(stderr.endsWith(says), stderr)
  }
})

t.test('a profile with half a key pair says which half', async (t) => {
  const folder = temporaryFolder(t)
  const [config, credentials] = [join(folder, 'config'), join(folder, 'credentials')]
  const files = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials }
  const rows = [
    [
      `[profile work]\naws_access_key_id = ${USER_KEY_ID}\n`,
      '',
      /has aws_access_key_id and no aws_secret_access_key in \S+config:/,
    ],
    [
      '[profile work]\nrole_arn = x\nsource_profile = base\n',
      `[base]\naws_secret_access_key = ${USER.secretAccessKey}\n`,
      /"base" has aws_secret_access_key and no aws_access_key_id in \S+credentials: add it/,
    ],
  ] as const
  for (const [ofConfig, ofCredentials, says] of rows) {
    writeFileSync(config, ofConfig)
    writeFileSync(credentials, ofCredentials)
    const environment = personEnvironment(folder, { AWS_REGION: 'us-east-1' }, KEYLESS, files)
    const { code, stderr } = await runCommand(['token', '-i', 'x'], { environment })
    t.equal(code, 1)
    isLine(t, stderr, says, String(says))
    t.notMatch(stderr, USER.secretAccessKey)
  }
})
