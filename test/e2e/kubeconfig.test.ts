import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  lstatSync,
  writeFileSync,
} from 'node:fs'
import { delimiter } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { parse } from 'yaml'
import { minimalEnvironment, runCommand, type Finished } from './harness/command.ts'
import { kubeconfigHome as home } from './harness/kubeconfig-home.ts'

const ROLE = 'arn:aws:iam::123456789012:role/K8s-Admin'

t.test('a missing kubeconfig is created, readable by its owner only', async (t) => {
  const { run, path } = home(t)
  const args = ['-r', ROLE, '--profile=work', '--region', 'us-west-2']
  const { code, stdout } = await run(args)
  t.equal(code, 0)
  t.equal(stdout, '')
  const file = path('.kube/config')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(existsSync(`${file}.lock`), false)
  const kubeconfig: unknown = parse(readFileSync(file, 'utf8'))
  t.equal(property(kubeconfig, 'kind'), 'Config')
  t.match(property(kubeconfig, 'users'), [
    {
      name: 'k8s.local',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          command: 'aws-iam-authenticator',
          args: ['token', '-i', 'k8s.local', '-r', ROLE, '--region', 'us-west-2'],
          env: [{ name: 'AWS_PROFILE', value: 'work' }],
          installHint: /\S/,
          interactiveMode: 'IfAvailable',
          provideClusterInfo: false,
        },
      },
    },
  ])
  const before = statSync(file)
  t.equal((await run(args)).code, 0)
  t.equal(statSync(file).ino, before.ino, 'what is right is not written again')
})

t.test('everything else in a kubeconfig stays, including mode, links and settings of the plugin', async (t) => {
  const { run, path } = home(t)
  const [head, tail] = ['# mine\nkind:   Config\nusers:\n', '# end\ncontexts: [ ]\n']
  const other = '- name: other   # not ours\n  user: {token: "x"}\n'
  const old =
    '- name: k8s.local\n  user:\n    exec:\n      command: aws-iam-authenticator\n      env:\n      - {name: AWS_STS_REGIONAL_ENDPOINTS, value: regional}\n'
  mkdirSync(path('.kube'))
  writeFileSync(path('real'), head + other + old + tail)
  chmodSync(path('real'), 0o640)
  symlinkSync(path('real'), path('.kube/config'))
  t.equal((await run(['--profile', 'work'])).code, 0)
  const text = readFileSync(path('real'), 'utf8')
  t.ok(text.startsWith(head + other))
  t.ok(text.endsWith(tail))
  t.ok(lstatSync(path('.kube/config')).isSymbolicLink())
  t.equal(statSync(path('real')).mode & 0o777, 0o640)
  const users: unknown = property(parse(text), 'users')
  t.match(Array.isArray(users) && users[1], {
    user: {
      exec: {
        env: [
          { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
          { name: 'AWS_PROFILE', value: 'work' },
        ],
      },
    },
  })
})

t.test('of the files of KUBECONFIG, it changes the same one as kubectl', async (t) => {
  const { run, path } = home(t)
  const list = { KUBECONFIG: ['none', 'a', 'b'].map(path).join(delimiter) }
  writeFileSync(path('a'), 'kind: Config\n')
  writeFileSync(path('b'), 'users:\n- name: k8s.local\n  user: {}\n')
  t.equal((await run([], list)).code, 0)
  t.equal(readFileSync(path('a'), 'utf8'), 'kind: Config\n', 'b has the user')
  t.match(readFileSync(path('b'), 'utf8'), 'aws-iam-authenticator')
  t.equal((await run(['--user=new'], list)).code, 0)
  t.match(readFileSync(path('a'), 'utf8'), 'name: new', 'the first that is there')
  t.equal(existsSync(path('none')), false)
  t.equal((await run([`--kubeconfig=${path('c')}`], list)).code, 0)
  t.match(readFileSync(path('c'), 'utf8'), 'k8s.local')
})

t.test('a context is created for the user', async (t) => {
  const { run, path } = home(t)
  const file = path('config')
  const before =
    'clusters:\n- name: c\n  cluster: {}\ncontexts:\n- name: work\n  context: {cluster: c, namespace: n}\ncurrent-context: other\n'
  writeFileSync(file, before)
  const set = (...args: string[]): Promise<Finished> => run([`--kubeconfig=${file}`, ...args])
  t.equal((await set('--context=work')).code, 0)
  t.equal((await set('--context=new', '--cluster=c')).code, 0)
  const kubeconfig: unknown = parse(readFileSync(file, 'utf8'))
  t.same(property(kubeconfig, 'contexts'), [
    { name: 'work', context: { cluster: 'c', namespace: 'n', user: 'k8s.local' } },
    { name: 'new', context: { cluster: 'c', user: 'k8s.local' } },
  ])
  t.equal(property(kubeconfig, 'current-context'), 'other')
  const kept = readFileSync(file)
  for (const wrong of [['--context=none'], ['--context=x', '--cluster=cc'], ['--cluster=c'], ['--use']]) {
    const { code, stderr } = await set(...wrong)
    t.equal(code, 1)
    t.match(stderr, /with --cluster \(it has c\)|did you mean c\?|give --context/)
  }
  t.same(readFileSync(file), kept)
  t.match(await set('--context=new', '--use'), { code: 0, stderr: /current-context "new" in place of "other"/ })
  t.equal(readFileSync(file, 'utf8'), kept.toString().replace('current-context: other', 'current-context: new'))
})

t.test('--dry-run prints a diff without secrets, and writes nothing', async (t) => {
  const { run, path } = home(t)
  const text = 'users: # all\n- name: other\n  user: {token: secret}\n'
  writeFileSync(path('config'), text)
  const { code, stdout, stderr } = await run([`--kubeconfig=${path('config')}`, '--dry-run'])
  t.equal(code, 0)
  const [head = '', body = ''] = stdout.split('@@ -1,3 +1,15 @@\n')
  t.equal(head, `--- ${path('config')}\n+++ ${path('config')}\n`)
  t.ok(body.startsWith(' users: # all\n - name: other\n   user: {token: ***}\n+- name: k8s.local\n'), body)
  t.match(body, '+      command: aws-iam-authenticator\n')
  t.match(stderr, `would write user "k8s.local" in ${path('config')}\n`)
  t.equal(readFileSync(path('config'), 'utf8'), text)
  const none = await run(['--dry-run'])
  t.match(none, { code: 0, stdout: /^--- \/dev\/null\n/ })
  t.equal(existsSync(path('.kube')), false)
  t.equal((await run([])).code, 0)
  t.match(await run(['--dry-run']), { code: 0, stdout: '', stderr: /^user "k8s\.local" in .* is up to date\n$/ })
})

t.test('an unsupported file is left unchanged, and the error has the reason', async (t) => {
  const { run, path } = home(t)
  const file = path('config')
  const fails = async (text: string, says: RegExp): Promise<void> => {
    writeFileSync(file, text)
    const { code, stdout, stderr } = await run([`--kubeconfig=${file}`])
    t.equal(code, 1)
    t.equal(stdout, '')
    t.match(stderr, says)
    t.notMatch(stderr, 'secret')
    t.equal(readFileSync(file, 'utf8'), text)
  }
  await fails('users: [secret\n', /config is not a kubeconfig: line \d+, column \d+/)
  await fails('users: secret\n', /user "k8s\.local" can't be put into .* by hand/)
  writeFileSync(`${file}.lock`, '')
  await fails('kind: Config\n', /remove .*config\.lock/)
  t.ok(existsSync(`${file}.lock`))
  t.match(await runCommand(['kubeconfig'], { environment: minimalEnvironment(path('.')) }), {
    code: 1,
    stderr: /^Error: cluster ID not specified; run /,
  })
})
