import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { document } from '../docs/documents.ts'
import { prepareNode, type NodeOptions } from './node.ts'

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

t.test('the user data prepares a node for the API server and the DaemonSet', async (t) => {
  const node = prepareNode(t)
  const { code, stdout, stderr } = await node.run()
  t.equal(code, 0, node.log())
  t.equal(stdout + stderr, '', 'all goes to the log file')
  t.match(node.log(), / done\n$/)

  const state = join(node.root, 'var/aws-iam-authenticator')
  const output = join(node.root, 'srv/kubernetes/aws-iam-authenticator')
  t.same(readdirSync(state).sort(), ['cert.pem', 'key.pem'])
  t.same(readdirSync(output), ['kubeconfig.yaml'])
  t.same(readdirSync(join(node.root, 'tmp')), [])
  t.same(readdirSync(join(node.root, 'usr/local/bin')), ['aws-iam-authenticator'])
  t.same(
    ['', 'cert.pem', 'key.pem'].map((name) => modeOf(join(state, name))),
    ['700', '644', '600'],
  )
  t.same([modeOf(output), modeOf(join(output, 'kubeconfig.yaml'))], ['755', '644'])
  t.equal(modeOf(join(node.root, 'usr/local/bin/aws-iam-authenticator')), '755')
  t.match(parse(readFileSync(join(output, 'kubeconfig.yaml'), 'utf8')), {
    clusters: [
      {
        cluster: {
          server: 'https://localhost:21362/authenticate',
          'certificate-authority-data': readFileSync(join(state, 'cert.pem')).toString('base64'),
        },
      },
    ],
  })
  const calls = node.calls()
  t.ok(calls.some((call) => /^useradd --uid 10000 --user-group .* aws-iam-authenticator$/.test(call)))
  const owned = [state, output, `${state}/cert.pem`, `${state}/key.pem`, `${output}/kubeconfig.yaml`]
  t.ok(calls.includes(`chown --no-dereference aws-iam-authenticator:aws-iam-authenticator ${owned.join(' ')}`))
  const download = calls.find((call) => call.startsWith('curl ')) ?? ''
  t.match(download, / --proto =https --proto-redir =https /)
  t.match(download, /\/aws-iam-authenticator_1\.0\.0_linux_amd64$/)
})

t.test('a second run changes nothing that is correct, and downloads nothing', async (t) => {
  const node = prepareNode(t)
  t.equal((await node.run()).code, 0)
  const files = ['cert.pem', 'key.pem'].map((name) => join(node.root, 'var/aws-iam-authenticator', name))
  const before = files.map((file) => readFileSync(file, 'utf8'))
  const kubeconfig = join(node.root, 'srv/kubernetes/aws-iam-authenticator/kubeconfig.yaml')
  const kubeconfigBefore = readFileSync(kubeconfig, 'utf8')
  const downloads = (): number => node.calls().filter((call) => call.startsWith('curl ')).length
  t.equal(downloads(), 1)
  t.equal((await node.run({ stubs: { id: 'echo 10000', useradd: 'exit 9' } })).code, 0)
  t.equal(downloads(), 1)
  t.same(
    files.map((file) => readFileSync(file, 'utf8')),
    before,
  )
  t.equal(readFileSync(kubeconfig, 'utf8'), kubeconfigBefore)
})

t.test('a node of another architecture gets its own executable', async (t) => {
  const node = prepareNode(t)
  const { code } = await node.run({ stubs: { uname: 'echo aarch64' }, values: { sha256_arm64: 'f'.repeat(64) } })
  t.equal(code, 1)
  t.match(node.log(), /_linux_arm64\n.*the download has the SHA-256 [0-9a-f]{64}, and sha256_arm64 is f{64}\n/)
})

/** Faults of a node, and the message of the script. */
const FAILURES: readonly (readonly [what: string, options: NodeOptions, said: RegExp])[] = [
  ['another download than the one meant', { values: { sha256_amd64: 'a'.repeat(64) } }, /the download has the SHA-256/],
  ['a checksum that nobody set', { values: { sha256_amd64: '0'.repeat(64) } }, /sha256_amd64 is not set/],
  ['no executable for it', { stubs: { uname: 'echo riscv64' } }, /there is no executable for riscv64/],
  ['a download that fails', { stubs: { curl: 'echo "curl: (22) 404" >&2; exit 22' } }, /while downloading https:/],
  [
    'the user with another uid',
    { stubs: { id: 'echo 999' } },
    /aws-iam-authenticator is there with uid 999, and the pods run as uid 10000/,
  ],
  [
    'the uid of another user',
    { stubs: { getent: 'echo someone:x:10000:10000::/:/bin/sh' } },
    /uid 10000 is that of someone, and the pods run as it/,
  ],
]

for (const [what, options, said] of FAILURES) {
  t.test(`${what} ends the script with one line on the console`, async (t) => {
    const node = prepareNode(t)
    const { code, stdout, stderr } = await node.run(options)
    t.not(code, 0)
    t.equal(stdout, '')
    const [failed = '', where, ...more] = stderr.trim().split('\n')
    t.match(failed, /^aws-iam-authenticator: failed while /)
    t.match(failed, said)
    t.match(where, / see \S+init\.log/)
    t.same(more, [])
    t.ok(node.log().includes(failed), 'and in the log')
    t.notOk(existsSync(join(node.root, 'var/aws-iam-authenticator')), 'no pair was made')
    t.same(readdirSync(join(node.root, 'tmp')), [], 'nothing is left over')
  })
}

t.test('with the kubeadm folder the kubeconfig is where its API server expects it', async (t) => {
  const { blocks } = document('docs/guides/kubeadm.md')
  const [, output = ''] = /\|output=(\/etc\/[^|]*)\|/.exec(blocks.map(({ text }) => text).join('')) ?? []
  t.equal(output, '/etc/kubernetes/aws-iam-authenticator')
  const node = prepareNode(t)
  t.equal((await node.run({ values: { output: join(node.root, output) } })).code, 0, node.log())
  t.same(readdirSync(join(node.root, output)), ['kubeconfig.yaml'])
})
