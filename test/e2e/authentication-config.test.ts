import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'
import { valueAt } from './harness/logins.ts'
import { startPersonCluster } from './harness/person-cluster.ts'

const ACCOUNT = '111122223333'
const ISSUER = 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws'
const ISSUER_FLAGS = [`--issuer=${ISSUER}`, `--account=${ACCOUNT}`]
const WEB_IDENTITY = `  webIdentity:
    audiences: [one, two]
    issuers:
      - {url: ${ISSUER}, accounts: ["${ACCOUNT}"]}
`
const CONFIG = `clusterID: my-cluster
server:
${WEB_IDENTITY}  mapRoles:
    - rolearn: arn:aws:iam::${ACCOUNT}:role/Admin
      username: admin
      groups: [system:masters]
`
const MAP_ROLES = `- rolearn: arn:aws:iam::${ACCOUNT}:role/Dev
  username: dev
- rolearn: arn:aws:iam::${ACCOUNT}:role/Session
  username: s:{{SessionName}}
`
const AWS_AUTH = `apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
${MAP_ROLES.replace(/^/gm, '    ').trimEnd()}
`

interface Folder {
  readonly write: (name: string, text: string) => void
  readonly run: (...args: readonly string[]) => Promise<Finished>
}

function createFolder(t: Parameters<typeof temporaryFolder>[0]): Folder {
  const folder = temporaryFolder(t)
  return {
    write: (name, text) => writeFileSync(join(folder, name), text),
    run: (...args) =>
      runCommand(['authentication-config', ...args], { cwd: folder, environment: minimalEnvironment(folder) }),
  }
}

function username(document: unknown): string {
  return String(valueAt(document, 'jwt', '0', 'claimMappings', 'username', 'expression'))
}

t.test('a configuration file has all that is needed', async (t) => {
  const { write, run } = createFolder(t)
  write('config.yaml', CONFIG)
  const { code, stdout, stderr } = await run('-c', 'config.yaml')
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  t.match(stdout, /^# Made by aws-iam-authenticator authentication-config \S+ from MountedFile in config\.yaml\./)
  const made: unknown = parse(stdout)
  t.match(made, {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [{ issuer: { url: ISSUER, audiences: ['one', 'two'], audienceMatchPolicy: 'MatchAny' } }],
  })
  t.match(username(made), `'arn:aws:iam::${ACCOUNT}:role/admin': 'admin',`)
  t.equal((await run('-c', 'config.yaml')).stdout, stdout, 'the same each time')
  t.same(JSON.parse((await run('-c', 'config.yaml', '-o', 'json')).stdout), made)
  t.match(parse((await run('-c', 'config.yaml', '--api-version', 'v1beta1')).stdout), {
    apiVersion: 'apiserver.config.k8s.io/v1beta1',
  })
})

t.test('keys in a file are for the server only', async (t) => {
  const { write, run } = createFolder(t)
  write('config.yaml', CONFIG.replace('"]}\n', '"], jwksFile: /etc/jwks.json}\n'))
  const { code, stderr } = await run('-c', 'config.yaml')
  t.equal(code, 0)
  t.match(stderr, /^warning: jwksFile of https:.* --discovery-url\n$/)
  t.equal((await run('-c', 'config.yaml', '--discovery-url=https://keys.example/d')).stderr, '')
})

t.test('flags in place of a configuration file', async (t) => {
  const { write, run } = createFolder(t)
  write('aws-auth.yaml', AWS_AUTH.replace('s:{{SessionName}}', 'static'))
  write('ca.pem', `${selfSignedPair('issuer').cert}a comment\n`)
  const flags = ['--discovery-url=https://keys.example/d', '--certificate-authority=ca.pem']
  const { code, stdout, stderr } = await run('-i', 'c', '--aws-auth=aws-auth.yaml', ...ISSUER_FLAGS, ...flags)
  t.equal(code, 0, stderr)
  const made: unknown = parse(stdout)
  const issuer = valueAt(made, 'jwt', '0', 'issuer')
  t.match(issuer, { audiences: ['c'], discoveryURL: 'https://keys.example/d' })
  t.match(valueAt(issuer, 'certificateAuthority'), /^-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\n$/)
  const audience: unknown = parse((await run('-i', 'c', 'aws-auth.yaml', ...ISSUER_FLAGS, '--audience=a')).stdout)
  t.match(audience, { jwt: [{ issuer: { audiences: ['a'] } }] })
})

t.test('an entry that is not for JWTs: nothing is printed, or the rest', async (t) => {
  const { write, run } = createFolder(t)
  write('aws-auth.yaml', AWS_AUTH)
  const refused = await run('-i', 'c', 'aws-auth.yaml', ...ISSUER_FLAGS)
  t.equal(refused.code, 1)
  t.equal(refused.stdout, '')
  t.match(refused.stderr, /^Error: an entry is not for JWTs: .*--skip-unsupported/)
  t.match(
    refused.stderr,
    /\n {2}aws-auth\.yaml:8:7: mapRoles\[1\]\.username: \{\{SessionName\}\} .*\{\{SourceIdentity\}\}/,
  )
  const { code, stdout, stderr } = await run('-i', 'c', 'aws-auth.yaml', ...ISSUER_FLAGS, '--skip-unsupported')
  t.equal(code, 0)
  t.match(stderr, /^warning: aws-auth\.yaml:8:7: /)
  t.match(username(parse(stdout)), `'arn:aws:iam::${ACCOUNT}:role/session': '',`, 'it refuses')
})

t.test('a live cluster', async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: MAP_ROLES.replace('s:{{SessionName}}', 'static') })
  cluster.api.putConfigMap('kube-system', 'aws-iam-authenticator', {
    'config.yaml': `clusterID: theirs\nserver:\n  backendMode: [EKSConfigMap]\n${WEB_IDENTITY}`,
  })
  const { code, stdout, stderr } = await cluster.run([
    'authentication-config',
    '--kubeconfig',
    cluster.kubeconfig,
    '--backend-mode=EKSConfigMap',
  ])
  t.equal(code, 0, stderr)
  t.match(username(parse(stdout)), `'arn:aws:iam::${ACCOUNT}:role/dev': 'dev',`)
})

t.test('what is missing is named', async (t) => {
  const { write, run } = createFolder(t)
  write('config.yaml', CONFIG)
  write('aws-auth.yaml', AWS_AUTH)
  write('wrong.yaml', CONFIG.replace('arn:aws:iam', 'arn:iam'))
  write('bad.yaml', AWS_AUTH.replace('arn:aws:iam', 'arn:iam'))
  const both = ['-c', 'config.yaml', 'aws-auth.yaml']
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /no mappings: name a configuration file/],
    [['-i', 'c', 'aws-auth.yaml'], /no issuer: give --issuer and --account/],
    [['-i', 'c', 'aws-auth.yaml', `--issuer=${ISSUER}`], /no accounts for https/],
    [['-i', 'c', 'aws-auth.yaml', `--issuer=${ISSUER}/`, `--account=${ACCOUNT}`], /is not the URL of an issuer/],
    [['-i', 'c', 'aws-auth.yaml', `--issuer=${ISSUER}`, '--account=1'], /is not an account id/],
    [['aws-auth.yaml', ...ISSUER_FLAGS], /cluster ID not specified/],
    [both, /the order of the backends is not known: give the --backend-mode/],
    [[...both, '--backend-mode=MountedFile,CRD'], /the mappings of CRD are missing/],
    [['-i', 'c', 'aws-auth.yaml', ...ISSUER_FLAGS, '--discovery-url=http://a'], /must be an https URL/],
    [
      [
        '-i',
        'c',
        'aws-auth.yaml',
        `--issuer=${ISSUER},https://b.example`,
        `--account=${ACCOUNT}`,
        '--discovery-url=https://a',
      ],
      /is for one issuer/,
    ],
    [['-i', 'c', 'aws-auth.yaml', ...ISSUER_FLAGS, '--certificate-authority=config.yaml'], /no certificate in PEM/],
    [['-c', 'wrong.yaml', '--skip-unsupported'], /wrong\.yaml:\d+:\d+: server\.mapRoles\[0\]\.rolearn/],
    [['-i', 'c', 'bad.yaml', ...ISSUER_FLAGS], /bad\.yaml:1:1: has an error: run aws-iam-authenticator lint/],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run(...args)
    t.equal(code, 1, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, message)
  }
})

t.test('an expression that is too long for the API server', async (t) => {
  const { write, run } = createFolder(t)
  const mapRoles = Array.from({ length: 3000 }, (_, number) => ({
    rolearn: `arn:aws:iam::${ACCOUNT}:role/r-${number}`,
    username: `${number}`,
  }))
  write('config.json', JSON.stringify({ clusterID: 'c', server: { mapRoles } }))
  const { code, stdout, stderr } = await run('-c', 'config.json', ...ISSUER_FLAGS, '--skip-unsupported')
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(
    stderr,
    /jwt\[0\]\.claimMappings\.username\.expression would have \d+ characters, and the API server accepts 100000/,
  )
})

t.test('the name of a file can not end the comment', async (t) => {
  const { write, run } = createFolder(t)
  const name = 'a\njwt: []\n#.yaml'
  write(name, CONFIG)
  const { stdout } = await run('-c', name)
  t.match(stdout.split('\n')[0], 'a\\njwt: []\\n#.yaml')
  t.match(parse(stdout), { jwt: [{}] })
})
