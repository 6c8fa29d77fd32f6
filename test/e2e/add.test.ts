import t from 'tap'
import { parse } from 'yaml'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { startPersonCluster, type Data, type PersonCluster } from './harness/person-cluster.ts'

const NODES = `# who may join
- rolearn: arn:aws:iam::123456789012:role/nodes   # the nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
`
const ROLE_ARN = 'arn:aws:iam::123456789012:role/Admin'
const USER_ARN = 'arn:aws:iam::123456789012:user/alice'
const ROLE = ['add', 'role', '--prompt=false', '--username', 'admin:{{SessionName}}', '--groups', 'a,b']
const USER = ['add', 'user', '--prompt=false', `--userarn=${USER_ARN}`, '--username=alice', '--groups=a', '--groups=b']

function roleOf(cluster: PersonCluster, arn = ROLE_ARN): readonly string[] {
  return [...ROLE, '--kubeconfig', cluster.kubeconfig, '--rolearn', arn]
}

t.test('a role is added, and everything else in the ConfigMap stays', async (t) => {
  const data: Data = { mapRoles: NODES, mapUsers: '[]', mapAccounts: '- "012345678901"', notes: 'keep  me\n' }
  const cluster = await startPersonCluster(t, data)
  // With labels and annotations.
  const metadata = { labels: { team: 'platform' }, annotations: { 'example.com/why': 'because' } }
  if (binariesRunHere) {
    const env = { HOME: cluster.folder, KUBECONFIG: cluster.kubeconfig }
    const patch = ['patch', 'cm', 'aws-auth', '-n', 'kube-system', '--type=merge', '-p', JSON.stringify({ metadata })]
    const patched = await runBinary(await kubectl('1.35'), patch, { env, cwd: cluster.folder })
    t.equal(patched.code, 0, patched.stderr)
  }
  const { code, stdout, stderr } = await cluster.run(roleOf(cluster))
  t.equal(stderr, '')
  t.equal(code, 0)
  const added = `- rolearn: ${ROLE_ARN}\n  username: admin:{{SessionName}}\n  groups:\n  - a\n  - b\n`
  t.strictSame(cluster.data(), { ...data, mapRoles: NODES + added })
  const [heading, empty, ...lines] = stdout.split('\n')
  t.strictSame([heading, empty], ['updated configmap:', ''])
  t.strictSame(parse(lines.join('\n')), cluster.api.getConfigMap('kube-system', 'aws-auth'))
  if (!binariesRunHere) return
  t.match(parse(lines.join('\n')), { metadata })
  const read = await runBinary(await kubectl('1.35'), ['get', 'cm', 'aws-auth', '-n', 'kube-system', '-o', 'yaml'], {
    env: { HOME: cluster.folder, KUBECONFIG: cluster.kubeconfig },
    cwd: cluster.folder,
  })
  t.strictSame(parse(read.stdout), parse(lines.join('\n')), 'what is printed is what kubectl prints')
})

t.test('a user is added to every notation of a list', async (t) => {
  const entry = `- userarn: ${USER_ARN}\n  username: alice\n  groups:\n    - a\n    - b\n`
  const other = 'arn:aws:iam::123456789012:user/bob'
  const bob = `- userarn: ${other}\n  username: bob`
  const rows: readonly (readonly [data: Data, mapUsers: string])[] = [
    [{}, entry],
    [{ mapUsers: '' }, entry],
    [{ mapUsers: '""' }, entry],
    [{ mapUsers: '``' }, entry],
    [{ mapUsers: '[]\n' }, entry],
    [{ mapUsers: '# none yet\n' }, `# none yet\n${entry}`],
    [{ mapUsers: bob }, `${bob}\n${entry}`],
    [
      { mapUsers: `[{userarn: "${other}", username: bob}] # one\n` },
      `[{userarn: "${other}", username: bob}, {userarn: "${USER_ARN}", username: "alice", groups: ["a", "b"]}] # one\n`,
    ],
  ]
  const cluster = await startPersonCluster(t, null)
  for (const [data, mapUsers] of rows) {
    cluster.api.putConfigMap('kube-system', 'aws-auth', data)
    const { code, stderr } = await cluster.run([...USER, '--kubeconfig', cluster.kubeconfig])
    t.equal(stderr, '', JSON.stringify(data))
    t.equal(code, 0)
    t.strictSame(cluster.data(), { ...data, mapUsers })
  }
})

t.test('the role of a permission set is added', async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: NODES })
  const sso = ['--sso', 'permissionSetName=Read-Only,accountID=012345678901,partition=aws-us-gov']
  const { code, stderr } = await cluster.run([...ROLE, '--kubeconfig', cluster.kubeconfig, ...sso])
  t.equal(code, 0)
  t.match(stderr, /^note: .*SSORoleMatch/)
  const data = cluster.api.getConfigMap('kube-system', 'aws-auth')?.['data']
  t.match(data, {
    mapRoles: `${NODES}- sso:\n    permissionSetName: Read-Only\n    accountID: "012345678901"\n    partition: aws-us-gov\n`,
  })
  const again = await cluster.run([...ROLE, '--kubeconfig', cluster.kubeconfig, ...sso])
  t.match(again, { code: 1, stderr: /cannot add duplicate role sso/ })
})

t.test('an invalid entry is rejected, and nothing is written', async (t) => {
  const user = `- userarn: ${USER_ARN}\n`
  const rows: readonly (readonly [name: string, data: Data | null, args: readonly string[], error: RegExp])[] = [
    [
      'a duplicate role',
      { mapRoles: `${NODES}- roleARN: ${ROLE_ARN.toLowerCase()}\n` },
      [],
      /cannot add duplicate role ARN ".*role\/Admin": mapRoles\[1\], line 7/,
    ],
    ['a duplicate user', { mapUsers: user }, USER, /cannot add duplicate user ARN/],
    ['no ConfigMap', null, [], /ConfigMap kube-system\/aws-auth: .*not found.*nothing was written/],
    [
      'no YAML',
      { mapRoles: '- rolearn: [\n' },
      [],
      /can not be parsed; nothing was written:\n {2}aws-auth mapRoles:\d+:\d+/,
    ],
    ['no list', { mapRoles: 'rolearn: x\n' }, [], /can not be parsed.*\n.*mapRoles:1:1/],
    ['another data key that is no list', { mapRoles: NODES, mapUsers: '- [' }, [], /can not be parsed.*\n.*mapUsers/],
    ['a text that ends its document', { mapRoles: `${NODES}...\n` }, [], /kubectl edit/],
  ]
  const cluster = await startPersonCluster(t, null)
  for (const [name, data, args, error] of rows) {
    if (data === null) cluster.api.deleteConfigMap('kube-system', 'aws-auth')
    else cluster.api.putConfigMap('kube-system', 'aws-auth', data)
    const result = await cluster.run(args.length > 0 ? [...args, '--kubeconfig', cluster.kubeconfig] : roleOf(cluster))
    t.match(result, { code: 1, stdout: '', stderr: error }, name)
    t.match(result.stderr, /^Error: /)
    t.strictSame(cluster.data(), data ?? undefined)
  }
  t.strictSame(cluster.writes(), [])
})

t.test('a bad command line is rejected before the cluster is called', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const kubeconfig = ['--kubeconfig', cluster.kubeconfig]
  const arn = ['--rolearn', ROLE_ARN]
  const rows: readonly (readonly [args: readonly string[], error: RegExp])[] = [
    [[...ROLE, ...arn], /^Error: empty kubeconfig: .*--kubeconfig.*KUBECONFIG/],
    [['add', 'role', ...kubeconfig], /^Error: invalid empty value: give --rolearn or --sso, --username, --groups/],
    [
      ['add', 'user', ...kubeconfig, `--userarn=${USER_ARN}`, '--groups=a'],
      /^Error: invalid empty value: give --username; run/,
    ],
    [['add', 'user', ...kubeconfig, `--userarn=${USER_ARN}`, '--username=a', '--groups='], /give --groups; run/],
    [
      [...ROLE, ...kubeconfig, ...arn, '--sso=permissionSetName=A,accountID=123456789012'],
      /only one of --rolearn or --sso/,
    ],
    [[...ROLE, ...kubeconfig, '--rolearn=arn:aws:iam::123456789012:roel/A'], /--rolearn: .*write one such as arn:aws/],
    [[...ROLE, ...kubeconfig, '--rolearn=arn:aws:sts::123456789012:assumed-role/A/b'], /--rolearn: .*role\/a/i],
    [[...ROLE, ...kubeconfig, '--sso=permissionSetName=A,accountID=1234'], /--sso: accountID: .*12 digits/],
    [
      [...ROLE, ...kubeconfig, '--sso=permissionSet=A,accountID=123456789012'],
      /--sso: permissionSet: .*did you mean permissionSetName/,
    ],
    [[...ROLE, ...kubeconfig, '--sso=Admin'], /--sso: "Admin" must be formatted as key=value/],
    [[...ROLE, ...kubeconfig, ...arn, '--username={{SesionName}}'], /SesionName/],
    [[...ROLE, ...kubeconfig, ...arn, '--groups=a\nb'], /--groups: must be one line/],
    [
      [...ROLE, ...kubeconfig, ...arn, '--kubeconfig-context=sandbx'],
      /^Error: kubeconfig .*no context "sandbx".*did you mean sandbox/,
    ],
    [[...ROLE, ...arn, '--kubeconfig=/does/not/exist'], /^Error: can't read kubeconfig \/does\/not\/exist/],
    [['add', 'rol'], /^Error: unknown command "rol" for "aws-iam-authenticator add".*did you mean role/],
  ]
  for (const [args, error] of rows) {
    t.match(await cluster.run(args), { code: 1, stdout: '', stderr: error }, args.join(' '))
  }
  t.equal(cluster.api.requests.length, 0)
})

t.test('add without arguments, and its help, print usage', async (t) => {
  const cluster = await startPersonCluster(t, {})
  for (const args of [['add'], ['add', '--help'], ['help', 'add'], ['add', '--kubeconfig', 'x'], ['add', 'help']]) {
    const { code, stdout, stderr } = await cluster.run(args)
    t.equal(code, 0, args.join(' '))
    t.equal(stderr, '')
    t.match(stdout, /^Usage:\n {2}aws-iam-authenticator add \[command\]/m)
    t.match(stdout, /^ {2}role .*\n {2}user /m)
  }
  for (const args of [
    ['add', 'role', '-h'],
    ['help', 'add', 'role'],
    ['add', '-h', 'role'],
  ]) {
    t.match((await cluster.run(args)).stdout, /^ {2}aws-iam-authenticator add role \[flags\]$/m, args.join(' '))
  }
  const before = ['add', '--kubeconfig', cluster.kubeconfig, '--prompt=false', 'role', `--rolearn=${ROLE_ARN}`]
  t.match(await cluster.run([...before, '--username=a', '--groups=b']), { code: 0 }, 'flags of add stand before role')
})

t.test('a path that never matches, and existing bad entries, are warned about', async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: '- rolearn: typo\n' })
  const { code, stderr } = await cluster.run(roleOf(cluster, 'arn:aws:iam::123456789012:role/team/Admin'))
  t.equal(code, 0)
  t.match(stderr, /^warning: .*write arn:aws:iam::123456789012:role\/Admin\n/)
  t.match(stderr, /^warning: aws-auth mapRoles:1:\d+: mapRoles\[0\]\.rolearn: "typo"/m)
  t.match(cluster.data(), { mapRoles: /^- rolearn: typo\n- rolearn: / })
})

t.test('concurrent changes of the ConfigMap are kept', async (t) => {
  let left = 4
  let count = 0
  const cluster: PersonCluster = await startPersonCluster(
    t,
    { mapRoles: NODES },
    {
      beforeRequest: ({ method }) => {
        if (method !== 'PUT' || left === 0) return
        left -= 1
        count += 1
        cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: NODES, other: String(count) })
      },
    },
  )
  t.match(await cluster.run(roleOf(cluster)), { code: 0, stderr: '' })
  t.match(cluster.data(), { mapRoles: new RegExp(ROLE_ARN), other: '4' })
  t.strictSame(
    cluster.writes().map(({ method, status }) => [method, status]),
    [...Array.from({ length: 4 }, () => ['PUT', 409]), ['PUT', 200]],
  )

  left = 100
  cluster.api.requests.length = 0
  const { code, stdout, stderr } = await cluster.run([...USER, '--kubeconfig', cluster.kubeconfig])
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^Error: .*changed by others in each of 5 tries; nothing was written/)
  t.equal(cluster.writes().length, 5)

  left = 0
  const names = Array.from({ length: 5 }, (_, index) => `${ROLE_ARN}${index}`)
  const results = await Promise.all(names.map((arn) => cluster.run(roleOf(cluster, arn))))
  t.ok(
    results.every(({ code }) => code === 0),
    'five at once',
  )
  for (const arn of names) t.match(cluster.data(), { mapRoles: new RegExp(`rolearn: ${arn}$`, 'm') })
})

t.test('an entry that someone else adds in the meantime is a duplicate', async (t) => {
  const cluster: PersonCluster = await startPersonCluster(
    t,
    {},
    {
      beforeRequest: ({ method }) => {
        if (method === 'PUT')
          cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: `- rolearn: ${ROLE_ARN}\n` })
      },
    },
  )
  t.match(await cluster.run(roleOf(cluster)), { code: 1, stderr: /cannot add duplicate role ARN/ })
  t.strictSame(
    cluster.writes().map(({ status }) => status),
    [409],
  )
})
