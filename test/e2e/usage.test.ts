import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { runCommand, temporaryFolder, type Finished } from './harness/command.ts'
import { commandFile } from './harness/govcloud.ts'
import { personEnvironment, startPerson, type Person } from './harness/person.ts'
import { noTerminal, openCommand } from './harness/terminal.ts'
import { presignedUrl, signingDate, urlOf } from './harness/presigned.ts'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'

const CLUSTER_ID_VARIABLE = 'KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID'

/** Runs the command with static keys. */
function person(t: { teardown(action: () => void): void }): Person {
  return startPerson(t, { AWS_REGION: 'us-east-1' })
}

/** True if a token was signed for that cluster and no other. */
function isFor(clusterId: string, { stdout }: Finished): boolean {
  if (!stdout.startsWith('k8s-aws-v1.')) return false
  const url = urlOf(stdout.trim())
  const { secretAccessKey } = USER
  const date = signingDate(url)
  const { host } = new URL(url)
  return url === presignedUrl({ host, region: 'us-east-1', clusterId, accessKeyId: USER_KEY_ID, secretAccessKey, date })
}

function hostOf({ stdout }: Finished): string {
  return new URL(urlOf(stdout.trim())).host
}

function lineCount({ stderr }: Finished): number {
  return stderr.trim().split('\n').length
}

t.test('every form of a flag is accepted', async (t) => {
  const { run } = person(t)
  const rows: readonly (readonly string[])[] = [
    ['token', '-i', 'k8s.local', '--token-only'],
    ['token', '-ik8s.local', '--token-only'],
    ['token', '-i=k8s.local', '--token-only=true'],
    ['token', '--cluster-id=k8s.local', '--token-only=1'],
    ['token', '--cluster-id', 'k8s.local', '--token-only=T'],
    ['-i', 'k8s.local', 'token', '--token-only'],
    ['--cluster-id', 'k8s.local', '--log-verbosity=debug', 'token', '--token-only'],
    ['', 'token', '', '-i', 'k8s.local', '', '--token-only', ''],
    ['token', 'more', '-i', 'k8s.local', 'words', '--token-only', '-'],
    ['token', '-i', 'k8s.local', '--token-only', '--', '--not-a-flag', '-x'],
    ['token', '-i', 'first', '--token-only=false', '-i', 'k8s.local', '--token-only'],
    ['token', '-l', 'json', '-vdebug', '-i', 'k8s.local', '--token-only'],
    [
      'token',
      '--feature-gates=AllAlpha=true,AllBeta=false',
      '--feature-gates',
      'SSORoleMatch=false',
      '-ik8s.local',
      '--token-only',
    ],
  ]
  for (const args of rows) {
    const result = await run(args)
    t.equal(result.stderr, '', args.join(' '))
    t.ok(isFor('k8s.local', result), args.join(' '))
  }
  const whole = await run(['token', '-i', 'k8s.local', '--token-only=false'])
  t.match(JSON.parse(whole.stdout), { kind: 'ExecCredential' })
})

/** The words of a help text, however it is wrapped. */
function words(text: string): string {
  return text.replaceAll(' \\\n', ' ').replaceAll(/\s+/g, ' ').trim()
}

/** What a command printed, without times. */
function timeless({ code, stdout, stderr }: Finished): unknown {
  return [code, stdout.replaceAll(/20\d\d-\S+Z/g, ''), stderr]
}

t.test('unknown arguments are rejected with a hint', async (t) => {
  const { run } = person(t)
  const rows: readonly (readonly [args: string[], error: RegExp])[] = [
    [['tokn'], /^Error: unknown command "tokn" for "aws-iam-authenticator".*did you mean.* token/],
    [['tokne'], /^Error: unknown command "tokne" for "aws-iam-authenticator".*did you mean.* token/],
    [['frobnicate', '-i', 'x'], /^Error: unknown command "frobnicate"/],
    [['token', '--clusterid=x'], /^Error: unknown flag: --clusterid .*did you mean --cluster-id/],
    [['token', '--cluster-name', 'x'], /^Error: unknown flag: --cluster-name \(did you mean --cluster-id\?\)/],
    [['token', '--role-arn=x'], /^Error: unknown flag: --role-arn \(did you mean --role\?\)/],
    [['token', '--profile', 'x'], /^Error: unknown flag: --profile: set the environment variable AWS_PROFILE instead/],
    [['token', '-i', 'x', '--port=1'], /^Error: unknown flag: --port/],
    [['--nonsense'], /^Error: unknown flag: --nonsense/],
    [['token', '-i', 'x', '-Z'], /^Error: unknown shorthand flag: 'Z' in -Z/],
    [['token', '--__proto__=x', '-i', 'x'], /^Error: unknown flag: --__proto__/],
    [['token', '--constructor', '-i', 'x'], /^Error: unknown flag: --constructor/],

    [['token', '--cache=maybe', '-i', 'x'], /^Error: invalid argument .*maybe/],
    [['server', '-i', 'x', '--port=65536'], /^Error: invalid argument .*65536/m],
    [['server', '-i', 'x', '--backend-mode='], /^Error: invalid argument .*backend/m],
  ]
  for (const [args, error] of rows) {
    const { code, stdout, stderr } = await run(args)
    t.equal(code, 1, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, error)
    t.match(stderr, /^[^\n]+; run "aws-iam-authenticator (?:\w+ )?--help"\n$/)
  }
})

t.test('with --log-format=json, errors at the start are JSON too', async (t) => {
  const { run, folder } = person(t)
  writeFileSync(join(folder, 'bad.yaml'), 'clusterID: x\nserver:\n  port: eighty\n  mapRoles: [{rolearn: nonsense}]\n')
  writeFileSync(join(folder, 'broken.yaml'), 'clusterID: [x\n')
  const rows: readonly (readonly [args: string[], message: RegExp])[] = [
    [['server', '-l', 'json', '--nonsense'], /^unknown flag: --nonsense$/],
    [['server', '--nonsense', '--log-format=json'], /^unknown flag: --nonsense$/],
    [['server', '--port=x', '-ljson'], /^invalid argument for --port/],
    [['-l=json', 'server'], /^cluster ID not specified$/],
    [['--log-format', 'json', 'frobnicate'], /^unknown command "frobnicate"/],
    [['server', '-l', 'json', '-c', join(folder, 'missing.yaml')], /missing\.yaml/],
    [['server', '-l', 'json', '-c', join(folder, 'bad.yaml')], /./],
    [['init', '-l', 'json', '-c', join(folder, 'broken.yaml')], /./],
    [['server', '-i', 'x', '--log-format=json', '--state-dir=/dev/null/x'], /./],
  ]
  for (const [args, message] of rows) {
    const { code, stdout, stderr } = await run(args)
    t.equal(code, 1, args.join(' '))
    t.equal(stdout, '')
    const lines = stderr.trimEnd().split('\n')
    for (const line of lines) t.match(JSON.parse(line), { time: String, level: String, msg: String }, line)
    t.match(JSON.parse(lines.at(-1) ?? ''), { level: 'error', msg: message })
  }
  const usage = await run(['add', 'role', '--nonsense', '-l', 'json'])
  t.match(JSON.parse(usage.stderr), { help: 'aws-iam-authenticator add role --help' })
  // The format is the value of another flag.
  t.match(await run(['token', '-i', '-ljson', '--nonsense']), { code: 1, stderr: /^Error: unknown flag/ })
  t.match(await run(['token', '--nonsense', '--', '-l', 'json']), { code: 1, stderr: /^Error: unknown flag/ })
})

t.test(
  'kubectl shows a usage error in a line per attempt',
  { skip: binariesRunHere ? false : 'the kubectl binaries are for Linux on x86-64' },
  async (t) => {
    const folder = temporaryFolder(t)
    const path = join(folder, 'kubeconfig')
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      command: commandFile(folder),
      args: ['token', '--cluster-name', 'k8s.local'],
      interactiveMode: 'IfAvailable',
    }
    const { pem } = createAuthority()
    await writeKubeconfig(path, { server: 'https://127.0.0.1:9', certificateAuthority: pem, user: { exec } })
    const env = { ...personEnvironment(folder), KUBECONFIG: path }
    const { code, stderr } = await runBinary(await kubectl('1.35'), ['get', 'pods'], { env, cwd: folder })
    t.equal(code, 1)
    const ours =
      'Error: unknown flag: --cluster-name (did you mean --cluster-id?); run "aws-iam-authenticator token --help"'
    const lines = stderr.trim().split('\n')
    const said = lines.filter((line) => line === ours)
    t.ok(said.length >= 1 && said.length <= 6, `${said.length} attempts`)
    t.ok(lines.length <= 3 * said.length, stderr)
  },
)

t.test('help is wrapped to the terminal, never inside words', { skip: noTerminal }, async (t) => {
  const folder = temporaryFolder(t)
  for (const command of [['server'], ['token'], ['add', 'role'], ['completion', 'zsh'], []]) {
    const piped = (await runCommand([...command, '--help'])).stdout
    for (const columns of [64, 80, 200]) {
      const terminal = await openCommand(t, [...command, '--help'], folder, {}, { columns })
      const shown = (await terminal.waitFor('exit 0')).split('exit 0')[0] ?? ''
      for (const line of shown.split('\n')) t.ok(line.length <= Math.min(columns, 80), `${columns}: ${line}`)
      t.equal(words(shown), words(piped), `${command.join(' ')}, ${columns} columns`)
    }
  }
})

t.test('-o text is accepted, and is the default', async (t) => {
  const { folder, run } = person(t)
  writeFileSync(join(folder, 'config.yaml'), 'clusterID: x\n')
  const arn = 'arn:aws:iam::111122223333:role/x'
  for (const command of [
    ['lint', 'config.yaml'],
    ['explain', '--arn', arn, '-c', 'config.yaml'],
    ['doctor'],
    ['status'],
  ]) {
    const usual = timeless(await run(command))
    for (const output of ['text', '']) t.same(timeless(await run([...command, '-o', output])), usual, command.join(' '))
  }
  const wrong = await run(['verify', '-i', 'x', '-t', 'x', '-o', 'text'])
  t.match(wrong, { code: 1, stderr: /^could not verify token/ })
})

t.test('an unknown feature gate is an error for every subcommand', async (t) => {
  const { run } = person(t)
  for (const command of [
    ['token'],
    ['init'],
    ['server'],
    ['verify', '-t', 'x'],
    ['lint', '-'],
    ['explain', '-t', 'x'],
    ['version'],
  ]) {
    for (const gate of ['Nonsense=true', 'SSORoleMatch']) {
      const { code, stdout, stderr } = await run([...command, '-i', 'k8s.local', `--feature-gates=${gate}`])
      t.equal(code, 1, `${command[0]} ${gate}`)
      t.equal(stdout, '', `${command[0]} ${gate}`)
      t.match(stderr, gate.split('=')[0], `${command[0]} ${gate}`)
    }
  }
})

t.test('help is not an error', async (t) => {
  const { run } = person(t)
  const own = /^Usage:\n {2}aws-iam-authenticator token /m
  const all = /^Usage:\n {2}aws-iam-authenticator \[command\]/m
  const rows: readonly (readonly [args: string[], text: RegExp])[] = [
    [[], all],
    [['help'], all],
    [['--help'], all],
    [['-h'], all],
    [['help', 'token'], own],
    [['token', '--help'], own],
    [['token', '-h'], own],
    [['token', '-h', '-i', 'k8s.local'], own],
    [['-h', 'token'], own],
    [['--help', 'token'], own],
  ]
  for (const [args, text] of rows) {
    const { code, stdout, stderr } = await run(args)
    t.equal(code, 0, args.join(' '))
    t.equal(stderr, '')
    t.match(stdout, text, args.join(' '))
    t.match(stdout, '--cluster-id')
  }
  const overview = await run([])
  for (const command of ['explain', 'init', 'lint', 'server', 'token', 'verify', 'version']) {
    t.match(overview.stdout, new RegExp(`^ {2}${command} +\\S`, 'm'))
    const { stdout } = await run([command, '--help'])
    t.match(stdout, `aws-iam-authenticator ${command} `)
    t.notMatch(stdout, '(default )', command)
  }
})

t.test('every subcommand accepts --version', async (t) => {
  const { run } = person(t)
  const { stdout: version } = await run(['version', '--short'])
  for (const command of [[], ['token'], ['token', '-i', 'x'], ['server'], ['add'], ['add', 'role'], ['completion']]) {
    for (const args of [
      [...command, '--version'],
      ['--version', ...command],
    ]) {
      t.same(await run(args), { code: 0, signal: null, stdout: version, stderr: '' }, args.join(' '))
    }
  }
})

t.test('every form of version', async (t) => {
  const { run } = person(t)
  const long = await run(['version'])
  const [, version = '', commit = ''] = /^\{"Version":"(\S+)","Commit":"(\S+)"\}\n$/.exec(long.stdout) ?? []
  t.match(version, /^\d+\.\d+\.\d+/)
  t.match(commit, /^[0-9a-f]{40}$|^unknown$/)
  const rows: readonly (readonly [args: string[], text: string])[] = [
    [['-s'], `${version}\n`],
    [['--short'], `${version}\n`],
    [['--short=false'], long.stdout],
    [['-o', 'json'], long.stdout],
    [['-ojson', '-s'], `${version}\n`],
    [['-o', 'text'], `aws-iam-authenticator ${version}, commit ${commit}\n`],
    [['--output=yaml'], `version: ${version}\ncommit: ${commit}\ndate: ""\n`],
  ]
  for (const [args, text] of rows) t.equal((await run(['version', ...args])).stdout, text, args.join(' '))
  const wrong = await run(['version', '-o', 'xml'])
  t.equal(wrong.code, 1)
  t.match(wrong.stderr, /^Error: invalid argument .*xml/)
})

t.test(
  'a flag wins over the environment, which wins over the configuration, which wins over the default',
  async (t) => {
    const { folder, run } = person(t)
    writeFileSync(
      join(folder, 'config.yaml'),
      'clusterID: filed\ntokenOnly: true\nregion: eu-west-1\nlog-verbosity: error\n',
    )
    const file = ['token', '-c', 'config.yaml', '--region=us-east-1']
    const variable = { [CLUSTER_ID_VARIABLE]: 'named' }
    t.ok(isFor('flagged', await run([...file, '-i', 'flagged'], variable)))
    t.ok(isFor('named', await run(file, variable)))
    t.ok(isFor('filed', await run(file, { [CLUSTER_ID_VARIABLE]: '' })), 'an empty variable counts as unset')
    t.ok(isFor('filed', await run(file)))
    t.equal((await run(['token'])).code, 1)

    t.equal(hostOf(await run(['token', '-c', 'config.yaml'])), 'sts.eu-west-1.amazonaws.com', 'a key before AWS_REGION')
    t.equal(hostOf(await run([...file])), 'sts.us-east-1.amazonaws.com')

    const init = ['init', '-c', 'config.yaml']
    t.equal(lineCount(await run(init)), 1, 'the configuration: errors alone, the banner aside')
    t.equal(lineCount(await run(init, { AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY: 'info' })), 3, 'the environment')
    t.equal(
      lineCount(await run([...init, '-v', 'fatal'], { AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY: 'info' })),
      1,
      'the flag',
    )
  },
)

t.test('the configuration is YAML or JSON, and its keys ignore case', async (t) => {
  const { folder, run } = person(t)
  const files = {
    'a.yaml': 'CLUSTERID: k8s.local\nTokenOnly: "true"\nserver:\n',
    'b.YML': 'clusterid: k8s.local\ntokenonly: true\nserver: null\n',
    'c.json': '{"ClusterId":"k8s.local","tokenONLY":true}',
  }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text)
    t.ok(isFor('k8s.local', await run(['token', '--config', name])), name)
  }
})
