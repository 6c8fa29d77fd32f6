import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'

import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { stringify } from 'yaml'
import { COMMAND, minimalEnvironment, runCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { eventually } from './harness/eventually.ts'
import { noTerminal, openCommand } from './harness/terminal.ts'
import { startPersonCluster } from './harness/person-cluster.ts'

const run = promisify(execFile)
const ROLE = 'arn:aws:iam::123456789012:role/'

/** Names that a shell, a terminal or the scripts' protocol would interpret. */
const HOSTILE = ['$(touch owned)', '`touch owned`', ';touch owned;', "it's", 'two words', '\u202eevil', 'tab\there']

interface Home {
  readonly folder: string
  readonly environment: Environment
  readonly values: (...words: readonly string[]) => Promise<string[]>
}

function home(t: { teardown(action: () => void): void }): Home {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, '.aws'))
  mkdirSync(join(folder, '.kube'))
  const profiles = ['work', 'work-2', 'other', ...HOSTILE.slice(0, 5)]
  writeFileSync(join(folder, '.aws/credentials'), profiles.map((name) => `[${name}]\n`).join(''))
  writeFileSync(join(folder, '.aws/config'), '[profile of config]\nregion = us-west-2\n[default]\n')
  const contexts = ['prod', 'dev:x', ...HOSTILE].map((name) => ({ name, context: {} }))
  writeFileSync(join(folder, '.kube/config'), stringify({ contexts }))
  const environment = minimalEnvironment(folder)
  return {
    folder,
    environment,
    values: async (...words) => {
      const { code, stdout, stderr } = await runCommand(['__complete', ...words], { environment, cwd: folder })
      if (code !== 0 || stderr !== '') throw new Error(stderr)
      return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']))
    },
  }
}

t.test('profiles, regions and contexts are completed from files', async (t) => {
  const { folder, values } = home(t)
  t.strictSame(await values('kubeconfig', '--profile', ':wo'), ['work', 'work-2'])
  t.strictSame(await values('kubeconfig', ':--profile=wo'), ['--profile=work', '--profile=work-2'])
  t.strictSame(await values('kubeconfig', '--profile', ':of'), ['of config'])
  t.strictSame(await values('kubeconfig', '--profile', ':d'), ['default'])
  t.strictSame(await values('token', '--region', ':us-west-'), ['us-west-1', 'us-west-2'])
  for (const words of [
    ['doctor', '--context'],
    ['kubeconfig', '--context'],
    ['explain', '--kubeconfig-context'],
    ['add', 'role', '--kubeconfig-context'],
  ]) {
    t.strictSame(await values(...words, ':p'), ['prod'], words.join(' '))
  }
  const other = join(folder, 'other')
  writeFileSync(other, stringify({ contexts: [{ name: 'elsewhere', context: {} }] }))
  t.strictSame(await values('doctor', '--kubeconfig', other, '--context', ':'), ['elsewhere'])
  t.strictSame(await values('doctor', `--kubeconfig=${other}x`, '--context', ':'), [], 'no file')
  writeFileSync(other, 'contexts: {')
  t.strictSame(await values('doctor', '--kubeconfig', other, '--context', ':'), [], 'not YAML')
})

t.test('a value with control characters is left out', async (t) => {
  const { values } = home(t)
  t.strictSame(await values('doctor', '--context', ':'), [...HOSTILE.slice(0, 5), 'dev:x', 'prod'].toSorted())
})

t.test('bash inserts values that it does not interpret', async (t) => {
  const { folder, environment } = home(t)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const words = COMMAND.map((word) => `'${word}'`).join(' ')
  writeFileSync(join(bin, 'aws-iam-authenticator'), `#!/bin/sh\nexec ${words} "$@"\n`)
  chmodSync(join(bin, 'aws-iam-authenticator'), 0o755)
  // Runs each line that readline would make, with a program that prints its arguments.
  const script = `source <(aws-iam-authenticator completion bash)
complete_line() {
  COMP_LINE="aws-iam-authenticator $1"
  COMP_POINT=\${#COMP_LINE}
  _aws_iam_authenticator
}
complete_line 'kubeconfig --profile '
for reply in "\${COMPREPLY[@]}"; do eval "printf '<%s>\\n' $reply"; done
complete_line 'doctor --context dev:'
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['--norc', '-c', script], {
    cwd: folder,
    env: { ...environment, PATH: `${bin}:${environment['PATH'] ?? ''}` },
  })
  const expected = ['work', 'work-2', 'other', 'default', 'of config', ...HOSTILE.slice(0, 5)].toSorted()
  // Readline replaces what follows the colon.
  t.strictSame(stdout.trimEnd().split('\n'), [...expected.map((name) => `<${name}>`), 'x'])
  t.notOk(existsSync(join(folder, 'owned')))
})

t.test('roles come from aws-auth', async (t) => {
  const mapRoles = `- rolearn: ${ROLE}Admin\n  username: a\n- rolearn: ${ROLE}Dev\n- rolearn: "x\\e[2J"\n- nonsense\n`
  const cluster = await startPersonCluster(t, { mapRoles })
  const values = async (kubeconfig: string, ...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cluster.run(['__complete', ...words], {
      environment: { KUBECONFIG: kubeconfig },
    })
    t.strictSame([code, stderr], [0, ''])
    return stdout
  }
  const both = `${ROLE}Admin\t\n${ROLE}Dev\t\n`
  t.equal(await values(cluster.kubeconfig, 'token', '-r', ':'), both)
  t.equal(await values(cluster.kubeconfig, 'explain', '--arn', `:${ROLE}D`), `${ROLE}Dev\t\n`)
  t.equal(
    await values(cluster.kubeconfig, 'token', ':--role=arn:aws:iam::123456789012:role/A'),
    `--role=${ROLE}Admin\t\n`,
  )
  t.equal(await values('/dev/null', 'kubeconfig', '--kubeconfig', cluster.kubeconfig, '--role', ':'), both)

  const stranger = await cluster.writeKubeconfig('stranger', { token: 'nobody' })
  t.equal(await values(stranger, 'token', '-r', ':'), '')
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './plugin',
    interactiveMode: 'IfAvailable',
  }
  const withPlugin = await cluster.writeKubeconfig('plugin.yaml', { exec })
  const plugin = join(cluster.folder, 'plugin')
  const answer = { apiVersion: exec.apiVersion, kind: 'ExecCredential', status: { token: cluster.token } }
  writeFileSync(
    plugin,
    `#!/bin/sh\necho noise >&2\ncat\nif true </dev/tty; then touch terminal; fi 2>/dev/null\necho '${JSON.stringify(answer)}'\n`,
  )
  chmodSync(plugin, 0o755)
  t.equal(await values(withPlugin, 'token', '-r', ':'), both, 'from an exec plugin')
  if (noTerminal === false) {
    const terminal = await openCommand(t, ['__complete', 'token', '-r', ':'], cluster.folder, {
      KUBECONFIG: withPlugin,
    })
    const shown = await terminal.waitFor('exit 0')
    t.match(shown, `${ROLE}Dev`)
    t.notMatch(shown, 'noise')
    t.notOk(existsSync(join(cluster.folder, 'terminal')), 'which has no terminal')
  }
  const always = await cluster.writeKubeconfig('always.yaml', { exec: { ...exec, interactiveMode: 'Always' } })
  t.equal(await values(always, 'token', '-r', ':'), '', 'not from one that needs a terminal')
  t.same(cluster.writes(), [])
})

t.test('an exec plugin that hangs is killed with its children', async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: `- rolearn: ${ROLE}Admin\n` })
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', interactiveMode: 'Never' }
  const kubeconfig = await cluster.writeKubeconfig('plugin.yaml', { exec })
  const plugin = join(cluster.folder, 'plugin')
  const pids = join(cluster.folder, 'pids')
  writeFileSync(plugin, `#!/bin/sh\nsleep 60 &\necho $$ $! >'${pids}'\nwait\n`)
  chmodSync(plugin, 0o755)
  const started = performance.now()
  const { code, stdout } = await cluster.run(['__complete', 'token', '-r', ':'], {
    environment: { KUBECONFIG: kubeconfig },
  })
  t.same([code, stdout], [0, ''])
  t.ok(performance.now() - started < 8000)
  for (const pid of readFileSync(pids, 'utf8').trim().split(' ')) {
    await eventually(t, `process ${pid} has ended`, false, 2_000, async () => existsSync(`/proc/${pid}/exe`))
  }
})

t.test('a cluster that does not answer delays the shell for 2 seconds at most', async (t) => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('the server listens on no port')
  const { folder, values } = home(t)
  const kubeconfig = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster: { server: `https://127.0.0.1:${address.port}` } }],
    users: [{ name: 'x', user: { token: 'x' } }],
  }
  writeFileSync(join(folder, '.kube/config'), stringify(kubeconfig))
  const started = performance.now()
  t.strictSame(await values('token', '-r', ':'), [])
  t.ok(performance.now() - started < 8000)
})
