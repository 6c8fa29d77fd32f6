import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import t from 'tap'
import { parse } from 'yaml'
import { kubeconfigHome } from './harness/kubeconfig-home.ts'

const ROLE = 'arn:aws:iam::123456789012:role/K8s-Admin'
const COPY = 'k8s.local-before-aws-iam-authenticator'

/** As `kops export kubeconfig --admin` writes it: the user has the name of the cluster. */
const KOPS = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Y2E=
    server: https://api.k8s.local
    tls-server-name: api.internal.k8s.local
  name: k8s.local
contexts:
- context:
    cluster: k8s.local
    user: k8s.local
  name: k8s.local
current-context: k8s.local
kind: Config
preferences: {}
users:
- name: k8s.local
  user:
    client-certificate-data: c2VjcmV0LWNlcnQ=
    client-key-data: c2VjcmV0LWtleQ==
    token: secret-token
- name: other # mine
  user: {}
`

const KOPS_USER = {
  'client-certificate-data': 'c2VjcmV0LWNlcnQ=',
  'client-key-data': 'c2VjcmV0LWtleQ==',
  token: 'secret-token',
}

/** The values of a list of a kubeconfig, by name. */
function entries(path: string, list: string, inner: string): Map<unknown, unknown> {
  const items = property(parse(readFileSync(path, 'utf8')), list)
  const all: readonly unknown[] = Array.isArray(items) ? items : []
  return new Map(all.map((item) => [property(item, 'name'), property(item, inner)]))
}

function execOf(path: string, user = 'k8s.local'): unknown {
  return property(entries(path, 'users', 'user').get(user), 'exec')
}

t.test('the admin of kops is not replaced, unless --force keeps a copy', async (t) => {
  const { path, run } = kubeconfigHome(t)
  const KUBECONFIG = path('config')
  writeFileSync(KUBECONFIG, KOPS)
  for (const args of [[], ['--dry-run'], ['--context=k8s.local']]) {
    const refused = await run(['-r', ROLE, ...args], { KUBECONFIG })
    t.match(refused, { code: 1, stdout: '' })
    t.equal(
      refused.stderr,
      `Error: nothing was written: user "k8s.local" in ${KUBECONFIG} holds client-certificate-data, client-key-data, ` +
        `token: give another name with --user, or add --force, which keeps a copy as "${COPY}"\n`,
    )
    t.equal(readFileSync(KUBECONFIG, 'utf8'), KOPS)
  }
  const tried = await run(['-r', ROLE, '--force', '--dry-run'], { KUBECONFIG })
  t.match(tried, { code: 0, stdout: `\n+- name: ${COPY}\n` })
  t.match(tried.stdout, '    client-key-data: ***\n')
  t.notMatch(tried.stdout + tried.stderr, /secret|c2Vj/)
  t.equal(readFileSync(KUBECONFIG, 'utf8'), KOPS)

  const forced = await run(['-r', ROLE, '--force'], { KUBECONFIG })
  t.match(forced, { code: 0, stdout: '' }, forced.stderr)
  t.same(entries(KUBECONFIG, 'users', 'user').get(COPY), KOPS_USER)
  t.same(property(execOf(KUBECONFIG), 'args'), ['token', '-i', 'k8s.local', '-r', ROLE])
  const text = readFileSync(KUBECONFIG, 'utf8')
  const [head] = KOPS.split('    client-certificate-data')
  t.ok(text.startsWith(head ?? 'none'), 'all else stays')
  t.ok(text.includes('\n- name: other # mine\n  user: {}\n'))
  t.match(await run(['-r', ROLE, '--force'], { KUBECONFIG }), { code: 0, stderr: /is up to date/ })
  t.equal(readFileSync(KUBECONFIG, 'utf8'), text, 'no second copy')
})

t.test('a copy never replaces an older one, also in another file', async (t) => {
  const { path, run } = kubeconfigHome(t)
  const KUBECONFIG = ['first', 'second'].map(path).join(delimiter)
  writeFileSync(path('first'), `users:\n- name: ${COPY}\n  user: {token: older}\n`)
  writeFileSync(path('second'), KOPS)
  t.equal((await run(['--force'], { KUBECONFIG })).code, 0)
  t.same([...entries(path('first'), 'users', 'user').keys()], [COPY])
  t.same(entries(path('second'), 'users', 'user').get(`${COPY}-2`), KOPS_USER, 'in the file of the user')
})

t.test('each kind of other credentials is named', async (t) => {
  const { path, run } = kubeconfigHome(t)
  const file = path('config')
  for (const [user, name] of [
    ['client-certificate: a', 'client-certificate'],
    ['client-key: a', 'client-key'],
    ['tokenFile: a', 'tokenFile'],
    ['username: a, password: secret', 'username, password'],
    ['auth-provider: {name: oidc}', 'auth-provider'],
    ['exec: {command: aws, args: [eks, get-token]}', 'exec of "aws"'],
    ['exec: {command: aws-iam-authenticator, args: [verify]}', 'exec of "aws-iam-authenticator"'],
    ['exec: {command: x, args: [token, -i, elsewhere]}', 'exec of "x"'],
    ['exec: {command: aws-iam-authenticator, args: [token, -i, prod]}', 'exec for the cluster ID "prod"'],
    ['exec: {command: aws-iam-authenticator, args: [token, -i, k8s.local]}, token: secret', 'token'],
  ] as const) {
    const text = `users: [{name: k8s.local, user: {${user}}}]\n`
    writeFileSync(file, text)
    const { code, stderr } = await run([`--kubeconfig=${file}`])
    t.equal(code, 1, user)
    t.ok(stderr.includes(`config holds ${name}: give`), stderr)
    t.notMatch(stderr, 'secret')
    t.equal(readFileSync(file, 'utf8'), text)
  }
  writeFileSync(file, 'users: [{name: k8s.local, user: {token: "", as: bob}}]\n')
  t.equal((await run([`--kubeconfig=${file}`])).code, 0, 'an empty credential is none')
  t.match(entries(file, 'users', 'user').get('k8s.local'), { as: 'bob', exec: { command: 'aws-iam-authenticator' } })
})

t.test('a cluster and a context with other content are not replaced either', async (t) => {
  const { path, run } = kubeconfigHome(t)
  const file = path('config')
  const { cert, key } = selfSignedPair('api')
  writeFileSync(path('ca.crt'), `the authority\n${cert}${key}`)
  writeFileSync(file, KOPS)
  const ca = `--certificate-authority=${path('ca.crt')}`
  const set = (...args: readonly string[]): ReturnType<typeof run> =>
    run([`--kubeconfig=${file}`, '--user=iam', ...args])
  const refused = await set('--server=https://new', ca, '--context=k8s.local')
  t.match(refused, { code: 1, stderr: /cluster "k8s\.local" in \S+ has another server, certificate-authority-data; / })
  t.match(refused.stderr, /; context "k8s\.local" in \S+ has user "k8s\.local": .* --cluster-name and --context, .*\n$/)
  t.equal(refused.stderr.split('\n').length, 2)
  t.match(await set('--server=https://api.k8s.local', ca), { code: 1, stderr: /another certificate-authority-data: / })
  t.equal(readFileSync(file, 'utf8'), KOPS)

  t.equal((await set('--server=https://api.k8s.local')).code, 0, 'the same address')
  t.equal((await set('--server=https://new', ca, '--context=k8s.local', '--force')).code, 0)
  const clusters = entries(file, 'clusters', 'cluster')
  t.same(clusters.get('k8s.local'), {
    server: 'https://new',
    'certificate-authority-data': Buffer.from(cert.replaceAll('\r\n', '\n')).toString('base64'),
  })
  t.match(clusters.get(COPY), { server: 'https://api.k8s.local', 'tls-server-name': 'api.internal.k8s.local' })
  const contexts = entries(file, 'contexts', 'context')
  t.same(contexts.get('k8s.local'), { cluster: 'k8s.local', user: 'iam' })
  t.same(contexts.get(COPY), { cluster: COPY, user: 'k8s.local' }, 'with the copy of its cluster')
  t.same(entries(file, 'users', 'user').get('k8s.local'), KOPS_USER)
})

const OURS = `users:
- name: k8s.local
  user:
    as: bob # for now
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args:
      - --log-format=json
      - token
      - --cluster-id=k8s.local
      # theirs
      - --unknown=1
      - -r
      - ${ROLE}
      - -c
      - /etc/authenticator.yaml
      command: /opt/aws/bin/aws-iam-authenticator
      env:
      - name: AWS_PROFILE
        value: work
      installHint: ask the team
      interactiveMode: Never
      provideClusterInfo: true
`

t.test('run again, it keeps what it does not know and what is not given', async (t) => {
  const { path, run } = kubeconfigHome(t)
  const file = path('config')
  const set = (...args: readonly string[]): ReturnType<typeof run> => run([`--kubeconfig=${file}`, ...args])
  const result = async (...args: readonly string[]): Promise<string> => {
    writeFileSync(file, OURS)
    const { code, stderr } = await set(...args)
    t.equal(code, 0, stderr)
    return readFileSync(file, 'utf8')
  }
  t.equal(await result(), OURS)
  t.equal(await result('-r', ROLE, '--profile=work'), OURS)
  t.equal(await result('-r', `${ROLE}2`), OURS.replace(ROLE, `${ROLE}2`))
  const more = '      - --region\n      - us-west-2\n      - --cache\n'
  t.equal(
    await result('--region=us-west-2', '--cache', '-e', 'x', '-s', 'alice', '--command=/bin/a'),
    OURS.replace('.yaml\n', `.yaml\n      - -e\n      - x\n      - -s\n      - alice\n${more}`).replace(
      '/opt/aws/bin/aws-iam-authenticator',
      '/bin/a',
    ),
  )
  t.equal(
    await result('--role=', '--profile='),
    OURS.replace(/      - -r\n.*\n/, '').replace(/      env:\n.*\n.*\n/, ''),
  )
  const forwarded = await result('--forward-session-name')
  t.match(forwarded, '- --forward-session-name\n')
  const both = await set('-s', 'alice')
  t.match(both, { code: 1, stderr: /^Error: cannot specify both .*--forward-session-name=false; run / })
  t.equal((await set('-s', 'alice', '--forward-session-name=false')).code, 0)
  t.notMatch(readFileSync(file, 'utf8'), 'forward')

  const wrapper =
    'users: [{name: k8s.local, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws-vault,'
  const args = ['exec', 'work', '--', 'aws-iam-authenticator', 'token', '-i', 'k8s.local']
  writeFileSync(file, `${wrapper} args: ${JSON.stringify(args)}}}}]\n`)
  t.equal((await set('--cache')).code, 0)
  t.match(execOf(file), { command: 'aws-vault', args: [...args, '--cache'] })

  const odd = '[7, {name: A}, {value: b}, {name: C, value: c, more: 1}]'
  const exec = `{command: aws-iam-authenticator, args: [token, -i, k8s.local], env: ${odd}, more: {a: [null, 1.5]}}`
  writeFileSync(file, `users: [{name: k8s.local, user: {exec: ${exec}, extensions: [{name: e}]}}]\n`)
  t.equal((await set('--profile=work')).code, 0)
  const { env, ...others } = { env: property(execOf(file), 'env'), more: property(execOf(file), 'more') }
  const profile = { name: 'AWS_PROFILE', value: 'work' }
  t.same(env, [7, { name: 'A' }, { value: 'b' }, { name: 'C', value: 'c', more: 1 }, profile], 'odd variables too')
  t.same(others, { more: { a: [null, 1.5] } })
})

t.test('values are checked before anything is written', async (t) => {
  const { path, run } = kubeconfigHome(t)
  writeFileSync(path('empty.pem'), 'no PEM\n')
  writeFileSync(path('broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  for (const [args, says] of [
    [['-r', 'alice'], /--role "alice" is not the ARN of a role: write an ARN such as arn:aws:iam::/],
    [['-r', 'arn:aws:iam::123456789012:user/alice'], /is not the ARN of a role/],
    [['-r', 'arn:aws:iam::12345678901:role/A'], /is not the ARN of a role/],
    [['-r', 'arn:aws:sts::123456789012:assumed-role/A/b'], /write arn:aws:iam::123456789012:role\/A\n/],
    [['-r', 'arn:aws-uss-gov:iam::123456789012:role/A'], /partition .*did you mean aws-us-gov\?/],
    [['--region=us-wset-2'], /no such region "us-wset-2" \(did you mean us-west-2\?\)/],
    [['--profile=wrok'], /no such profile "wrok" \(did you mean work\?\) in /],
    [['--server=api'], /--server "api" is not a URL/],
    [['--server=http://api'], /is not https/],
    [['--server=https://me:secret@api'], /has a user in its URL/],
    [['--server=https://api/?a=b'], /has a query or fragment/],
    [['--server=https://api', '--certificate-authority=none.pem'], /can't read --certificate-authority none\.pem: /],
    [['--server=https://api', '--certificate-authority=empty.pem'], /empty\.pem has no certificate in PEM/],
    [['--server=https://api', '--certificate-authority=broken.pem'], /broken\.pem: certificate 1 can't be read/],
    [['--certificate-authority=empty.pem'], /give its --server too/],
    [['--server=https://api', '--context=a', '--cluster=b'], /give only one of them/],
  ] as const) {
    const { code, stdout, stderr } = await run(args)
    t.match({ code, stdout }, { code: 1, stdout: '' }, args.join(' '))
    t.match(stderr, says)
    t.notMatch(stderr, 'me:secret')
    t.equal(existsSync(path('.kube')), false)
  }
})

t.test('a profile with MFA gets the advice to cache, and profiles are where the user says', async (t) => {
  const { path, run } = kubeconfigHome(t)
  const advice = /profile "mfa" has mfa_serial, .* add --cache /
  t.match(await run(['--profile=mfa', '--user=a']), { code: 0, stderr: advice })
  for (const args of [
    ['--profile=mfa', '--user=b', '--cache'],
    ['--profile=mfa', '--user=c', '--cache=false'],
    ['--profile=work', '--user=d'],
  ]) {
    const { code, stderr } = await run(args)
    t.equal(code, 0)
    t.notMatch(stderr, advice)
  }
  const file = path('config')
  writeFileSync(path('aws'), '[profile elsewhere]\nregion = us-west-2\n')
  const env = `[{name: AWS_CONFIG_FILE, value: ${path('aws')}}]`
  const exec = `{command: aws-iam-authenticator, args: [token, -i, k8s.local], env: ${env}}`
  writeFileSync(file, `users: [{name: k8s.local, user: {exec: ${exec}}}]\n`)
  t.equal((await run([`--kubeconfig=${file}`, '--profile=elsewhere'])).code, 0)
  t.match(await run([`--kubeconfig=${file}`, '--profile=work']), { code: 1, stderr: /no such profile "work"/ })
})
