import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'

const OUTPUT = ['aws-iam-authenticator.kubeconfig', 'cert.pem', 'key.pem']
const BANNER = /^Authenticator Version: "[^"]+", "[^"]+"\n/

function init(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return runCommand(['init', ...args], { cwd, environment: minimalEnvironment(cwd) })
}

/** The content and modification time of each file of a folder. */
function snapshot(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder).map((name) => {
      const path = join(folder, name)
      const { mode, mtimeMs, size } = statSync(path)
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex')
      return [name, [mode, mtimeMs, size, digest].join()]
    }),
  )
}

async function certificateText(path: string): Promise<string> {
  const { stdout } = await runBinary('openssl', ['x509', '-in', path, '-noout', '-text'], {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
  })
  return stdout
}

async function readWithKubectl(path: string): Promise<unknown> {
  const program = binariesRunHere ? await kubectl('1.35') : 'kubectl'
  const args = ['config', 'view', '--kubeconfig', path, '--raw', '-o', 'json']
  const { stdout } = await runBinary(program, args, { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
  return JSON.parse(stdout)
}

t.test('init leaves a pair and a webhook kubeconfig in the working folder', async (t) => {
  const folder = temporaryFolder(t)
  const made = await init(folder, '--cluster-id=k8s.local')
  t.equal(made.code, 0)
  t.equal(made.stdout, '')
  t.match(made.stderr, BANNER)
  t.same(readdirSync(folder).sort(), OUTPUT)
  t.equal(statSync(join(folder, 'cert.pem')).mode & 0o777, 0o644)
  t.equal(statSync(join(folder, 'key.pem')).mode & 0o777, 0o600)
  t.equal(statSync(join(folder, 'aws-iam-authenticator.kubeconfig')).mode & 0o777, 0o644)
  t.match(readFileSync(join(folder, 'key.pem'), 'utf8'), /^-----BEGIN RSA PRIVATE KEY-----\n/)

  const text = await certificateText(join(folder, 'cert.pem'))
  t.match(text, /Issuer: CN ?= ?aws-iam-authenticator\n/)
  t.match(text, /Subject: CN ?= ?aws-iam-authenticator\n/)
  t.match(text, /Public-Key: \(2048 bit\)/)
  t.match(text, /Basic Constraints: critical\n\s+CA:TRUE\n/)
  t.match(text, /Key Usage: critical\n\s+Digital Signature, Key Encipherment, Certificate Sign\n/)
  t.match(text, /Extended Key Usage: ?\n\s+TLS Web Server Authentication\n/)
  t.match(text, /Subject Alternative Name: ?\n\s+IP Address:127\.0\.0\.1, DNS:localhost\n/)
  const [from, to] = [/Not Before: (.*)/, /Not After ?: (.*)/].map((date) => new Date(date.exec(text)?.[1] ?? ''))
  t.ok(from !== undefined && Math.abs(from.getTime() - Date.now()) < 120_000, 'valid from now')
  t.equal((to?.getUTCFullYear() ?? 0) - (from?.getUTCFullYear() ?? 0), 100)

  t.match(await readWithKubectl(join(folder, 'aws-iam-authenticator.kubeconfig')), {
    clusters: [
      {
        name: 'aws-iam-authenticator',
        cluster: {
          server: 'https://localhost:21362/authenticate',
          'certificate-authority-data': readFileSync(join(folder, 'cert.pem')).toString('base64'),
        },
      },
    ],
    users: [{ name: 'apiserver', user: {} }],
    contexts: [{ name: 'webhook', context: { cluster: 'aws-iam-authenticator', user: 'apiserver' } }],
    'current-context': 'webhook',
  })

  const before = snapshot(folder)
  const again = await init(folder, '--cluster-id=k8s.local')
  t.equal(again.code, 0)
  t.same(snapshot(folder), before, 'a second run changes nothing')
})

t.test('half a pair is an error that names both files, and changes nothing', async (t) => {
  for (const missing of ['cert.pem', 'key.pem']) {
    const folder = temporaryFolder(t)
    t.equal((await init(folder, '-i', 'k8s.local')).code, 0)
    rmSync(join(folder, missing))
    const before = snapshot(folder)
    const refused = await init(folder, '-i', 'k8s.local')
    t.equal(refused.code, 1, missing)
    t.equal(refused.stdout, '')
    t.match(refused.stderr, /^Error: .*cert\.pem.*$/m)
    t.match(refused.stderr, /^Error: .*key\.pem.*$/m)
    t.same(snapshot(folder), before)
  }
})

t.test('a mismatched or invalid pair is an error that names both files', async (t) => {
  const [folder, other] = [temporaryFolder(t), temporaryFolder(t)]
  await Promise.all([folder, other].map((each) => init(each, '-i', 'k8s.local')))
  for (const key of [readFileSync(join(other, 'key.pem'), 'utf8'), 'rubbish', '']) {
    writeFileSync(join(folder, 'key.pem'), key)
    const before = snapshot(folder)
    const refused = await init(folder, '-i', 'k8s.local')
    t.equal(refused.code, 1)
    t.match(refused.stderr, /^Error: .*cert\.pem.*$/m)
    t.match(refused.stderr, /^Error: .*key\.pem.*$/m)
    t.notMatch(refused.stderr, key.slice(100, 140) || 'PRIVATE KEY')
    t.same(snapshot(folder), before)
  }
})

t.test('with the gate ConfiguredInitDirectories the files are written to the configured paths', async (t) => {
  const folder = temporaryFolder(t)
  const state = join(folder, 'state')
  const output = join(folder, 'output')
  const work = join(folder, 'work')
  mkdirSync(work)
  const lines = [
    'clusterID: k8s.local',
    'server:',
    '  port: 31362',
    '  hostname: webhook.example',
    `  stateDir: ${state}`,
    `  generateKubeconfig: ${output}/kubeconfig.yaml`,
  ]
  const config = join(folder, 'config.yaml')
  writeFileSync(config, `${lines.join('\n')}\n`)
  const made = await init(work, '-c', config, '--feature-gates=ConfiguredInitDirectories=true')
  t.equal(made.code, 0, made.stderr)
  t.same(readdirSync(work), [])
  t.same(readdirSync(state).sort(), ['cert.pem', 'key.pem'])
  t.same(readdirSync(output), ['kubeconfig.yaml'])
  t.match(await readWithKubectl(join(output, 'kubeconfig.yaml')), {
    clusters: [{ cluster: { server: 'https://webhook.example:31362/authenticate' } }],
  })

  const closed = await init(work, '-c', config)
  t.equal(closed.code, 0)
  t.same(readdirSync(work).sort(), OUTPUT, 'without the gate they go to the working folder')
})

t.test('the certificate is made for --hostname and --address', async (t) => {
  const rows: readonly (readonly [args: string[], san: RegExp])[] = [
    [['--hostname=api.example', '--address=192.0.2.7'], /\n\s+IP Address:192\.0\.2\.7, DNS:api\.example\n/],
    [['--hostname', '192.0.2.8', '--address', '0.0.0.0'], /\n\s+IP Address:192\.0\.2\.8\n/],
    [['--hostname=2001:db8::1', '--address=::'], /\n\s+IP Address:2001:DB8:0:0:0:0:0:1\n/],
  ]
  for (const [args, san] of rows) {
    const folder = temporaryFolder(t)
    t.equal((await init(folder, '-i', 'k8s.local', ...args)).code, 0)
    t.match(await certificateText(join(folder, 'cert.pem')), san)
    if (args[0] === '--hostname=2001:db8::1') {
      t.match(await readWithKubectl(join(folder, 'aws-iam-authenticator.kubeconfig')), {
        clusters: [{ cluster: { server: 'https://[2001:db8::1]:21362/authenticate' } }],
      })
    }
  }
  const folder = temporaryFolder(t)
  const refused = await init(folder, '-i', 'k8s.local', '--hostname=https://api.example/')
  t.equal(refused.code, 1)
  t.same(readdirSync(folder), [])
})

t.test('the configuration is checked as by the server, before a file is created', async (t) => {
  const rows: readonly (readonly [text: string, place: RegExp])[] = [
    ['clusterID: k8s.local\nserver:\n  port: ninety\n', /config\.yaml:3:9: .*ninety/],
    ['clusterID: k8s.local\nserver:\n\tport: 1\n', /config\.yaml:3:1: /],
    ['clusterID: k8s.local\nserver:\n  backendMode: Nowhere\n', /config\.yaml:3:16: .*Nowhere/],
    [
      'clusterID: k8s.local\nserver:\n  mapRoles:\n    - roleARN: nonsense\n      username: x\n',
      /config\.yaml:4:16: .*mapRoles\[0\]/,
    ],
    ['clusterID: k8s.local\nserver:\n  mapAccounts: [012345678901]\n', /config\.yaml:3:17: /],
  ]
  for (const [text, place] of rows) {
    const folder = temporaryFolder(t)
    writeFileSync(join(folder, 'config.yaml'), text)
    const refused = await init(folder, '-c', 'config.yaml')
    t.equal(refused.code, 1, text)
    t.equal(refused.stdout, '')
    t.match(refused.stderr, place)
    t.same(readdirSync(folder), ['config.yaml'])
  }
  const folder = temporaryFolder(t)
  const without = await init(folder)
  t.equal(without.code, 1)
  t.match(without.stderr, /^Error: cluster ID not specified; run "aws-iam-authenticator init --help"$/m)
  t.same(readdirSync(folder), [])
})
