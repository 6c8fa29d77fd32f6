import t from 'tap'
import { openCommand, noTerminal } from './harness/terminal.ts'
import { startPersonCluster } from './harness/person-cluster.ts'

const ARN = 'arn:aws:iam::123456789012:role/Admin'
const ROLE = ['add', 'role', '--username=a', '--groups=b,c', `--rolearn=${ARN}`, '--kubeconfig']
const ENTRY = `rolearn ${ARN}, username a, groups [b c]`

t.test('y or yes on stdin continues, anything else cancels', async (t) => {
  const cluster = await startPersonCluster(t, null)
  const rows: readonly (readonly [input: string, added: boolean])[] = [
    ['y\n', true],
    ['yes\n', true],
    ['YES\r\n', true],
    ['y', true],
    ['n\n', false],
    ['\n', false],
    ['yes please\n', false],
    ['n\ny\n', false],
  ]
  for (const [input, added] of rows) {
    cluster.api.putConfigMap('kube-system', 'aws-auth', {})
    const { code, stdout, stderr } = await cluster.run([...ROLE, cluster.kubeconfig], { input })
    t.equal(code, 0, JSON.stringify(input))
    t.match(stderr, `Ready to add ${ENTRY} to kube-system/aws-auth of ${cluster.api.url}, should we continue? [y/N] `)
    if (added) t.match(stdout, /^updated configmap:\n\n/)
    else t.equal(stdout, `cancelled "add ${ENTRY}"\n`)
    t.match(cluster.data(), added ? { mapRoles: /^- rolearn/ } : { mapRoles: undefined })
  }
})

t.test('the end of input is an error, and nothing is written', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const { code, stdout, stderr } = await cluster.run([...ROLE, cluster.kubeconfig], { input: '' })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /\[y\/N\] \nerror reading input: EOF\n$/)
  t.strictSame(cluster.data(), {})
})

t.test('without --prompt nothing is asked', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const { code, stderr } = await cluster.run([...ROLE, cluster.kubeconfig, '--prompt=false'])
  t.equal(code, 0)
  t.equal(stderr, '')
})

t.test('a person answers in the terminal', { skip: noTerminal }, async (t) => {
  const cluster = await startPersonCluster(t, {})
  const yes = await openCommand(t, [...ROLE, cluster.kubeconfig], cluster.folder)
  await yes.waitFor('should we continue? [y/N]')
  t.strictSame(cluster.data(), {}, 'nothing happens before the answer')
  await yes.type('y', 'Enter')
  t.match(await yes.waitFor('exit 0'), 'updated configmap:')
  t.match(cluster.data(), { mapRoles: /^- rolearn/ })

  for (const keys of [['n', 'Enter'], ['Enter']]) {
    const no = await openCommand(t, [...ROLE, cluster.kubeconfig], cluster.folder)
    await no.waitFor('should we continue? [y/N]')
    await no.type(...keys)
    t.match(await no.waitFor('exit 0'), `cancelled "add ${ENTRY}"`, keys.join(' '))
  }
  const ended = await openCommand(t, [...ROLE, cluster.kubeconfig], cluster.folder)
  await ended.waitFor('should we continue? [y/N]')
  await ended.type('C-d')
  t.match(await ended.waitFor('exit 1'), 'error reading input: EOF')
  const interrupted = await openCommand(t, [...ROLE, cluster.kubeconfig], cluster.folder)
  await interrupted.waitFor('should we continue? [y/N]')
  await interrupted.type('C-c')
  await interrupted.waitFor('exit 130')
  t.equal(cluster.writes().length, 1)
})

t.test('an exec plugin may prompt after the command has', { skip: noTerminal }, async (t) => {
  const cluster = await startPersonCluster(t, {})
  const apiVersion = 'client.authentication.k8s.io/v1'
  const answer = JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token: cluster.token } })
  const script = `printf 'Code: ' >&2; read -r code; test "$code" = 1234 && echo '${answer}'`
  const exec = { apiVersion, command: 'sh', args: ['-c', script], interactiveMode: 'Always' }
  const kubeconfig = await cluster.writeKubeconfig('asks', { exec })
  const terminal = await openCommand(t, [...ROLE, kubeconfig], cluster.folder)
  await terminal.waitFor('[y/N]')
  await terminal.type('yes', 'Enter')
  await terminal.waitFor('Code: ')
  await terminal.type('1234', 'Enter')
  t.match(await terminal.waitFor('exit 0'), 'updated configmap:')
})
