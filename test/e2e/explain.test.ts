import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder, type Environment } from './harness/command.ts'
import { ARN, AWS_AUTH, explainIn, json } from './harness/explain.ts'
import { noTerminal, openCommand } from './harness/terminal.ts'

t.test('an ARN: the matching entry, its place, and the user', async (t) => {
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

t.test('every kind of source and every outcome', async (t) => {
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

t.test('a folder is an error that names the files to give', async (t) => {
  const explain = explainIn(t)
  const arn = ['--arn', `${ARN}:role/Admin`]
  t.match(await explain([...arn, '.']), {
    code: 1,
    stdout: '',
    stderr: /^Error: \. is a folder: .* such as aws-auth\.yaml dynamic\.json mappings\.yaml; run/,
  })
  const empty = temporaryFolder(t)
  t.match(await explain([...arn, empty]), { code: 1, stderr: /: it is a directory.* no file in it ends in \.yaml/ })
  writeFileSync(join(empty, 'x.yaml'), 'a: 1\n')
  t.match(await explain([...arn, empty]), { code: 1, stderr: /is a folder, and no file in it has mappings/ })
})

t.test('mappings with mistakes', async (t) => {
  const explain = explainIn(t)
  const wrong = AWS_AUTH.replace('/Admin\n', '/Admin\n      usernames: [x]\n      Groups: [x]\n')
  const found = await json(explain(['--arn', `${ARN}:role/Admin`, '-', '-o', 'json'], wrong))
  t.equal(found.code, 2)
  t.match(found.said, {
    nearest: [{ kind: 'rejected', file: 'stdin', line: 6 }],
    notes: [/./, /./, /stdin has .*lint/],
  })
  const text = AWS_AUTH.replace('groups: [system:masters]', 'groups: system:masters')
  const mistake = await json(explain(['--arn', `${ARN}:role/Admin`, '-', '-o', 'json'], text))
  t.match(mistake, { code: 0, said: { user: { username: /^admin:/ }, notes: [/./, /stdin has an error.*lint/] } })
})

t.test('a usage error is one line', async (t) => {
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
    t.match(stderr, /^Error: [^\n]+; run "aws-iam-authenticator explain --help"\n$/)
    t.match(stderr, error)
  }
})

t.test('text of an entry cannot control the terminal', async (t) => {
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

t.test('on a terminal: colours, symbols, 80 columns', { skip: noTerminal }, async (t) => {
  const home = temporaryFolder(t)
  const file = join(home, 'a.yaml')
  writeFileSync(file, AWS_AUTH)
  const at = async (environment: Environment): Promise<string> =>
    (await openCommand(t, ['explain', '--arn', `${ARN}:role/Dev`, file], home, environment)).waitFor('exit 2')
  const shown = await at({ LC_ALL: 'C.UTF-8' })
  t.match(shown, /✗ refused/)
  // A place and a line to paste are never broken.
  const lines = shown.split('\n').filter((line) => !line.includes(file) && !line.includes('--rolearn'))
  for (const line of lines) t.ok(line.trimEnd().length <= 80, line)
  t.match(await at({ LC_ALL: 'C' }), /FAIL refused/, 'a terminal that has no such signs')
})

t.test('an entry that applies to JWTs only', async (t) => {
  const explain = explainIn(t)
  const entry = `{rolearn: "${ARN}:role/Jwt", username: "j", groups: [a], principalTags: {team: [a]}, sourceIdentity: "*"}`
  const fromFile = ['--arn', `${ARN}:role/Jwt`, '-']
  const input = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - ${entry}\n`
  const { stdout, code } = await explain(fromFile, input)
  t.equal(code, 2)
  t.match(
    stdout,
    /mapRoles\[0\] matches the ARN, but it applies to AWS-signed JWTs only, because of its principalTags, sourceIdentity/,
  )
  const { stdout: told } = await explain([...fromFile, '-o', 'json'], input)
  t.match(JSON.parse(told), { reason: 'not_mapped', nearest: [{ kind: 'jwt_only', line: 6 }] })
})

t.test('a template that only a JWT can fill', async (t) => {
  const input = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - {rolearn: "${ARN}:role/Jwt", username: 'j:{{PrincipalTag "team"}}', groups: [a]}\n`
  const { stdout } = await explainIn(t)(['--arn', `${ARN}:role/Jwt`, '-', '-o', 'json'], input)
  t.match(JSON.parse(stdout), { reason: 'template', outcome: 'refused' })
})
