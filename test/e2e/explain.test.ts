import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, TOKEN_CHECKS } from '@aws-iam-authenticator/core'
import t, { type Test } from 'tap'
import { identities, ROLE_ARN, roles, USER, USER_KEY_ID } from '../sandbox/aws/example-account.ts'
import { startSandboxAws, type SandboxAws } from '../sandbox/aws/sandbox.ts'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './harness/command.ts'
import { startPersonCluster } from './harness/person-cluster.ts'
import { presignedUrl, tokenOfUrl } from './harness/presigned.ts'
import { noTerminal, openCommand } from './harness/terminal.ts'

const ARN = 'arn:aws:iam::123456789012'

/** As STS tells of ROLE_ARN. */
const READER = 'arn:aws:iam::111122223333:role/Reader'

const AWS_AUTH = `apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: ${ARN}:role/Admin
      username: admin:{{SessionName}}
      groups: [system:masters]
    - rolearn: ${ARN}:role/team/Dev
      username: dev
      groups: [developers]
    - rolearn: ${ARN}:role/nodes
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:nodes]
  mapUsers: |
    - userarn: ${USER.arn}
      username: "{{AccountID}}-alice"
      groups: [people]
`

const CONFIG = `clusterID: k8s.local
server:
  backendMode: [MountedFile, EKSConfigMap]
  scrubbedAccounts: ["999999999999"]
  mapRoles:
    - {rolearn: "${ARN}:role/first", username: first, groups: [a]}
    - {rolearn: "arn:aws:iam::999999999999:role/secret", username: "hidden", groups: [a]}
  mapUsers:
    - {userarn: "${ARN}:user/reserved", username: "system:x", groups: [a]}
  mapAccounts: ["555555555555"]
  reservedPrefixConfig:
    - {backendMode: MountedFile, usernamePrefixReserveList: ["system:"]}
`

const MAPPINGS = `apiVersion: iamauthenticator.k8s.aws/v1alpha1
kind: IAMIdentityMapping
metadata: {name: ops}
spec:
  arn: ${ARN}:role/Ops
  username: ops
  groups: [ops]
`

const DYNAMIC = `{"mapRoles": [
  {"rolearn": "${ARN}:role/Dyn", "username": "dyn", "groups": ["d"]}
]}`

type Explain = (args: readonly string[], input?: string, more?: Environment) => Promise<Finished>

function explainIn(t: Test, environment: Environment = {}): Explain {
  const folder = temporaryFolder(t)
  const files = { 'aws-auth.yaml': AWS_AUTH, 'config.yaml': CONFIG, 'mappings.yaml': MAPPINGS, 'dynamic.json': DYNAMIC }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return (args, input = '', more = {}) =>
    runCommand(['explain', ...args], {
      cwd: folder,
      input,
      environment: { ...minimalEnvironment(folder), ...environment, ...more },
    })
}

async function json(running: Promise<Finished>): Promise<{ readonly code: number | null; readonly said: unknown }> {
  const { code, stdout, stderr } = await running
  if (stderr !== '') throw new Error(stderr)
  return { code, said: JSON.parse(stdout) }
}

function sign(clusterId = 'k8s.local', date = new Date(), host = 'sts.us-west-2.amazonaws.com'): string {
  const { secretAccessKey } = USER
  return tokenOfUrl(
    presignedUrl({ host, region: 'us-west-2', clusterId, accessKeyId: USER_KEY_ID, secretAccessKey, date }),
  )
}

t.test('an ARN: which entry matches, where it is, and who one becomes', async (t) => {
  const explain = explainIn(t)
  const session = 'arn:aws:sts::123456789012:assumed-role/Admin/alice@example.com'
  const { code, said } = await json(explain(['--arn', session, '-c', 'config.yaml', 'aws-auth.yaml', '-o', 'json']))
  t.equal(code, 0)
  t.match(said, {
    outcome: 'mapped',
    reason: null,
    see: null,
    checks: [],
    identity: { arn: session, canonicalArn: `${ARN}:role/Admin`, sessionName: 'alice@example.com', userId: null },
    backends: [
      { backend: 'MountedFile', from: 'config.yaml', outcome: 'no_match', entry: null },
      {
        backend: 'EKSConfigMap',
        from: 'aws-auth.yaml',
        outcome: 'mapped',
        entry: { path: 'mapRoles[0]', file: 'aws-auth.yaml', line: 6, column: 7 },
      },
    ],
    user: { username: 'admin:alice-example.com', groups: ['system:masters'], uid: null },
    scrubbed: false,
    nearest: [],
  })
  const text = await explain(['--arn', session, '-c', 'config.yaml', 'aws-auth.yaml'])
  t.match(text, { code: 0, stderr: '', stdout: /EKSConfigMap +mapRoles\[0\] at aws-auth\.yaml:6:7\n/ })
  t.match(text.stdout, /username +admin:alice-example\.com\n +groups +system:masters\n/)
})

t.test('every kind of source, and every kind of end', async (t) => {
  const explain = explainIn(t)
  const instance = 'i-0123456789abcdef0'
  const rows: readonly (readonly [args: string[], code: number, said: object])[] = [
    [
      ['--arn', `${ARN}:role/Ops`, 'mappings.yaml'],
      0,
      { user: { username: 'ops' }, backends: [{ entry: { file: 'mappings.yaml', line: 5 } }] },
    ],
    [
      ['--arn', `${ARN}:role/Dyn`, 'dynamic.json'],
      0,
      { user: { username: 'dyn' }, backends: [{ entry: { file: 'dynamic.json', line: 2 } }] },
    ],
    [
      ['--arn', `${ARN}:role/nodes`, '--session-name', instance, 'aws-auth.yaml'],
      0,
      { user: { username: 'system:node:{{EC2PrivateDNSName}}' } },
    ],
    [
      ['--arn', `${ARN}:role/nodes`, 'aws-auth.yaml'],
      2,
      { reason: 'template', backends: [{ outcome: 'refused', entry: { line: 12 } }] },
    ],
    [['--arn', `${ARN}:role/Admin`, 'aws-auth.yaml'], 0, { user: { username: 'admin:{{SessionName}}' } }],
    [
      ['--arn', `${ARN}:role/Dev`, 'aws-auth.yaml'],
      2,
      {
        reason: 'not_mapped',
        see: 'docs/errors.md#not_mapped',
        nearest: [{ kind: 'role_path', file: 'aws-auth.yaml', line: 9 }],
      },
    ],
    [['--arn', `${ARN}:role/team/Dev`, 'aws-auth.yaml'], 2, { identity: { canonicalArn: `${ARN}:role/Dev` } }],
    [
      ['--arn', `${ARN}:role/team/Dev`, 'aws-auth.yaml', '--feature-gates=RolePathMatch=true'],
      0,
      { user: { username: 'dev' } },
    ],
    [
      ['--arn', `${ARN}:user/reserved`, '-c', 'config.yaml', 'aws-auth.yaml'],
      2,
      { reason: 'reserved_username', backends: [{ outcome: 'refused' }, { outcome: 'not_reached' }] },
    ],
    [
      ['--arn', 'arn:aws:iam::555555555555:role/x', '-c', 'config.yaml'],
      0,
      { user: { username: 'arn:aws:iam::555555555555:role/x', groups: [] } },
    ],
    [
      ['--arn', 'arn:aws:iam::999999999999:role/secret', '-c', 'config.yaml'],
      0,
      { scrubbed: true, user: { uid: 'aws-iam-authenticator:administrative:hidden' } },
    ],
    [
      ['--arn', `${ARN}:role/nobody`, '-c', 'config.yaml'],
      1,
      {
        outcome: 'undecided',
        reason: 'backend_unavailable',
        backends: [{ outcome: 'no_match' }, { outcome: 'unavailable' }],
      },
    ],
    [
      ['--arn', `${ARN}:role/Dyn`, '-c', 'config.yaml', 'aws-auth.yaml', 'dynamic.json'],
      2,
      {
        nearest: [{ kind: 'backend_not_asked' }],
        backends: [{}, {}, { backend: 'DynamicFile', outcome: 'not_asked' }],
      },
    ],
    [
      ['--arn', `${ARN}:role/Dyn`, '-c', 'config.yaml', 'dynamic.json', '--backend-mode=DynamicFile,MountedFile'],
      0,
      { backends: [{ backend: 'DynamicFile', outcome: 'mapped' }, { outcome: 'not_reached' }] },
    ],
  ]
  for (const [args, expected, said] of rows) {
    const found = await json(explain([...args, '-o', 'json']))
    t.equal(found.code, expected, args.join(' '))
    t.match(found.said, said, args.join(' '))
  }
  const piped = await json(explain(['--arn', `${ARN}:role/Admin`, '-', '-o', 'json'], AWS_AUTH))
  t.match(piped.said, { backends: [{ from: 'stdin', entry: { file: 'stdin', line: 6 } }] })
})

async function startAws(t: Test): Promise<{ readonly aws: SandboxAws; readonly explain: Explain }> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return { aws, explain: explainIn(t, aws.environment) }
}

t.test('a token: each check, then STS, then the mappings', async (t) => {
  const { aws, explain } = await startAws(t)
  const token = sign()
  const args = ['-i', 'k8s.local', 'aws-auth.yaml']
  const { code, said } = await json(explain([...args, '-t', token, '-o', 'json']))
  t.equal(code, 0)
  t.match(said, {
    outcome: 'mapped',
    identity: { arn: USER.arn, userId: USER.userId },
    user: { username: '111122223333-alice', groups: ['people'], extra: { arn: [USER.arn] } },
  })
  const checks = [property(said, 'checks')].flat()
  t.same(
    checks.map((check) => [property(check, 'check'), property(check, 'outcome')]),
    [...TOKEN_CHECKS, 'sts'].map((check) => [check, 'passed']),
  )
  t.equal(aws.sts.requests.length, 1)
  for (const input of [`${token}\n`, JSON.stringify({ kind: 'ExecCredential', status: { token } })]) {
    t.match(await explain([...args, '-t', '-'], input), { code: 0, stdout: /username +111122223333-alice/ })
  }
})

t.test('a token that is refused: by which check, and nothing of it is shown', async (t) => {
  const { aws, explain } = await startAws(t)
  const old = new Date(Date.now() - 16 * 60_000)
  const rows: readonly (readonly [token: string, reason: string, failed: string])[] = [
    ['nonsense', 'malformed_token', 'prefix'],
    [`k8s-aws-v1.${'a'.repeat(17_000)}`, 'malformed_token', 'size'],
    ['k8s-aws-v1.a+b', 'malformed_token', 'encoding'],
    [tokenOfUrl('ftp://x/?a=b'), 'malformed_token', 'url'],
    [sign('k8s.local', new Date(), 'sts.evil.example'), 'wrong_host', 'host'],
    [tokenOfUrl('https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&a=b'), 'malformed_token', 'parameters'],
    [tokenOfUrl('https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity'), 'malformed_token', 'cluster_header'],
    [sign('k8s.local', old), 'expired', 'clock'],
    [sign('other.local'), 'bad_signature', 'sts'],
  ]
  for (const [token, reason, failed] of rows) {
    for (const more of [['-o', 'json'], []]) {
      const { code, stdout, stderr } = await explain(['-i', 'k8s.local', '-t', '-', 'aws-auth.yaml', ...more], token)
      t.equal(code, 2, `${reason} ${failed}`)
      t.equal(stderr, '')
      t.notOk(stdout.includes(token.slice(-30)) && token.length > 30, 'the token is not shown')
      t.notMatch(stdout, /X-Amz-Signature=|X-Amz-Security-Token/i)
      if (more.length === 0) continue
      const said: unknown = JSON.parse(stdout)
      const outcomes = new Map(
        [property(said, 'checks')].flat().map((check) => [property(check, 'check'), property(check, 'outcome')]),
      )
      t.equal(outcomes.get(failed), 'failed')
      t.match(said, { reason, see: `docs/errors.md#${reason}`, identity: null, backends: [], user: null })
    }
  }
  aws.faults.set('throttle')
  t.match(await json(explain(['-i', 'k8s.local', '-t', sign(), 'aws-auth.yaml', '-o', 'json'])), {
    code: 1,
    said: { outcome: 'undecided', reason: 'sts_throttled' },
  })
})

t.test('a live cluster, with what token prints', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const cluster = await startPersonCluster(t, {
    mapRoles: `- rolearn: ${ROLE_ARN}\n  username: a\n`,
  })
  cluster.api.putIdentityMapping('reader', { arn: READER, username: 'reader', groups: ['readers'] })
  const keys = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey, AWS_REGION: 'us-west-2' }
  const environment = { ...aws.environment, ...keys }
  const credential = await cluster.run(['token', '-i', 'k8s.local', '-r', ROLE_ARN, '-s', 'bob'], { environment })
  const args = ['explain', '-i', 'k8s.local', '-t', '-', '--kubeconfig', cluster.kubeconfig]
  const found = await cluster.run([...args, '-o', 'json'], { environment, input: credential.stdout })
  t.equal(found.code, 0, found.stderr)
  t.match(JSON.parse(found.stdout), {
    backends: [
      { backend: 'EKSConfigMap', from: cluster.api.url, outcome: 'no_match' },
      { backend: 'CRD', from: cluster.api.url, outcome: 'mapped', entry: { path: 'IAMIdentityMapping reader' } },
    ],
    user: { username: 'reader', groups: ['readers'] },
  })
  t.notOk(found.stdout.includes(cluster.token))
  t.same(cluster.writes(), [])
  const stranger = await cluster.writeKubeconfig('stranger', { token: 'nobody' })
  const unknown = await cluster.run(['explain', '--arn', ROLE_ARN, '--kubeconfig', stranger, '-o', 'json'])
  t.match(unknown, { code: 1, stdout: /"reason": "backend_unavailable"/ })
})

t.test('what is wrong with the call is said, with the usage', async (t) => {
  const explain = explainIn(t)
  const rows: readonly (readonly [args: string[], error: RegExp])[] = [
    [[], /nothing to explain/],
    [['--arn', 'x', 'aws-auth.yaml'], /--arn/],
    [['--arn', 'arn:aws:iam::123:role/x', 'aws-auth.yaml'], /12 digits/],
    [['--arn', `${ARN}:role/x`], /no mappings/],
    [['--arn', `${ARN}:role/x`, '-t', 'y'], /both --token and --arn/],
    [['--arn', `${ARN}:user/x`, '--session-name', 'y', 'aws-auth.yaml'], /--session-name/],
    [['-t', 'x', '--user-id', 'y', '-i', 'z', 'aws-auth.yaml'], /go with --arn/],
    [['-t', 'x', 'aws-auth.yaml'], /cluster ID not specified/],
    [['--arn', `${ARN}:role/x`, 'aws-auth.yaml', 'aws-auth.yaml'], /EKSConfigMap is there twice/],
    [['--arn', `${ARN}:role/x`, 'config.yaml'], /name it with --config/],
  ]
  for (const [args, error] of rows) {
    const { code, stdout, stderr } = await explain(args)
    t.equal(code, 1, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^Error: [^\n]+\nUsage:\n/)
    t.match(stderr, error)
  }
})

t.test('what an entry holds can not speak to the terminal', async (t) => {
  const explain = explainIn(t)
  const hostile = AWS_AUTH.replace('admin:{{SessionName}}', String.raw`"\e]0;owned\a\u202e\x9b2J{{SessionName}}"`)
  for (const more of [[], ['-o', 'json']]) {
    const args = ['--arn', `${ARN}:role/Admin`, '--session-name', '\u001b[31mred\u009b', '-', ...more]
    const { code, stdout } = await explain(args, hostile)
    t.equal(code, 0)
    t.match(stdout, /\\u001b/)
    t.notMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  }
})

t.test('on a terminal: colours, marks, 80 columns', { skip: noTerminal }, async (t) => {
  const home = temporaryFolder(t)
  const file = join(home, 'a.yaml')
  writeFileSync(file, AWS_AUTH)
  const at = async (environment: Environment): Promise<string> =>
    (await openCommand(t, ['explain', '--arn', `${ARN}:role/Dev`, file], home, environment)).waitFor('exit 2')
  const shown = await at({ LC_ALL: 'C.UTF-8' })
  t.match(shown, /✗ refused/)
  const lines = shown.split('\n').filter((line) => !line.includes(file))
  for (const line of lines) t.ok(line.trimEnd().length <= 80, line)
  t.match(await at({ LC_ALL: 'C' }), /FAIL refused/, 'a terminal that has no such signs')
})
