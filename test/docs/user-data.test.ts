import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { COMMAND, temporaryFolder } from '../e2e/harness/command.ts'
import { runBinary, type RunResult } from '../sandbox/kubectl/run-binary.ts'
import { document, ROOT } from './documents.ts'

const SCRIPT = readFileSync(join(ROOT, 'deploy/kops/user-data.sh'), 'utf8')
const CLUSTER_SPEC = readFileSync(join(ROOT, 'deploy/kops/cluster-spec.yaml'), 'utf8')
const STUBBED = ['id', 'useradd', 'chown', 'curl']

/** A node: a folder in the place of its root, and stubs for what only root may do, which note how they were called. */
interface Node {
  readonly root: string
  run(sha256: string): Promise<RunResult>
  calls(): string[]
}

function executableDigest(): string {
  return createHash('sha256').update(fakeDownload()).digest('hex')
}

/** What the stub of curl gives: a script that runs the built command. */
function fakeDownload(): string {
  return `#!/bin/sh\nexec ${COMMAND.map((part) => `'${part}'`).join(' ')} "$@"\n`
}

function prepareNode(t: Parameters<typeof temporaryFolder>[0]): Node {
  const root = temporaryFolder(t)
  const calls = join(root, 'calls')
  for (const folder of ['stubs', 'usr/local/bin', 'var/log']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'download'), fakeDownload())
  for (const name of STUBBED) {
    const action = {
      id: 'exit 1',
      curl: `while [ "$1" != --output ]; do shift; done; cp '${join(root, 'download')}' "$2"`,
    }
    const after = Object.entries(action).find(([stub]) => stub === name)?.[1] ?? ''
    writeFileSync(join(root, 'stubs', name), `#!/bin/bash\necho "${name} $*" >>'${calls}'\n${after}\n`)
    chmodSync(join(root, 'stubs', name), 0o755)
  }
  return {
    root,
    run: (sha256) => {
      const script = join(root, 'user-data.sh')
      const placed = SCRIPT.replaceAll(/(?<=[= >])\/(?=usr\/local|var|srv)/g, `${root}/`)
      writeFileSync(script, placed.replace(/^sha256=.*$/m, `sha256=${sha256}`))
      const env = { PATH: `${join(root, 'stubs')}:${process.env['PATH'] ?? ''}`, HOME: root }
      return runBinary('bash', [script], { cwd: root, env })
    },
    calls: () => readFileSync(calls, 'utf8').trim().split('\n'),
  }
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

t.test('the user data leaves a node as the API server and the DaemonSet want it', async (t) => {
  const node = prepareNode(t)
  const { code, stdout, stderr } = await node.run(executableDigest())
  const log = readFileSync(join(node.root, 'var/log/aws-iam-authenticator-init.log'), 'utf8')
  t.equal(code, 0, log)
  t.equal(stdout + stderr, '', 'all goes to the log file')
  t.match(log, /\ndone\n$/)

  const state = join(node.root, 'var/aws-iam-authenticator')
  const output = join(node.root, 'srv/kubernetes/aws-iam-authenticator')
  t.same(readdirSync(state).sort(), ['cert.pem', 'key.pem'])
  t.same(readdirSync(output), ['kubeconfig.yaml'])
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
  t.ok(calls.some((call) => /^useradd --uid 10000 .* aws-iam-authenticator$/.test(call)))
  t.ok(calls.includes(`chown -R aws-iam-authenticator:aws-iam-authenticator ${state} ${output}`))

  const [certificate, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(state, name), 'utf8'))
  t.equal((await node.run(executableDigest())).code, 0, 'a second run')
  t.equal(readFileSync(join(state, 'cert.pem'), 'utf8'), certificate)
  t.equal(readFileSync(join(state, 'key.pem'), 'utf8'), key)
})

t.test('a download that is another than the one meant is never run', async (t) => {
  const node = prepareNode(t)
  const { code } = await node.run('0'.repeat(64))
  t.not(code, 0)
  t.notOk(existsSync(join(node.root, 'usr/local/bin/aws-iam-authenticator')))
  t.notOk(existsSync(join(node.root, 'var/aws-iam-authenticator')))
})

t.test('the script, the key of the cluster and the README agree about the path', async (t) => {
  const [, output] = /^output=(.*)$/m.exec(SCRIPT) ?? []
  t.same(parse(CLUSTER_SPEC), {
    spec: { kubeAPIServer: { authenticationTokenWebhookConfigFile: `${output ?? ''}/kubeconfig.yaml` } },
  })
  t.ok(document('README.md').blocks.some(({ text }) => CLUSTER_SPEC.endsWith(text)))
})

t.test('the README shows how to put the script into an instance group', async (t) => {
  const { blocks } = document('README.md')
  const sed = blocks.find(({ text }) => text.startsWith('sed '))?.text ?? ''
  const { stdout } = await runBinary('bash', ['-c', sed], { cwd: ROOT, env: { PATH: process.env['PATH'] ?? '' } })
  const group = blocks.find(({ text }) => text.includes('additionalUserData'))?.text ?? ''
  const filled = group.replace(/^ *# the output of sed.*\n/m, stdout)
  t.not(filled, group)
  t.match(parse(filled), { spec: { additionalUserData: [{ type: 'text/x-shellscript', content: SCRIPT }] } })
})
