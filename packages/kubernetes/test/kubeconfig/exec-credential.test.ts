import t from 'tap'
import { parseExecCredentials, parseExecPlugin } from '../../src/kubeconfig/exec-credential.ts'
import type { Kubeconfig } from '../../src/kubeconfig/kubeconfig.ts'

const API_VERSION = 'client.authentication.k8s.io/v1'

function kubeconfig(exec: unknown, more: Partial<Kubeconfig> = {}): Kubeconfig {
  return {
    contextName: 'prod',
    userName: 'alice',
    server: 'https://10.0.0.1',
    tls: {},
    authorization: () => Promise.resolve(null),
    cluster: {},
    userPath: '/home/a/.kube/config',
    exec,
    ...more,
  }
}

function plugin(exec: Record<string, unknown>, hasTerminal = false, more: Partial<Kubeconfig> = {}) {
  return parseExecPlugin(kubeconfig({ apiVersion: API_VERSION, command: 'aws', ...exec }, more), hasTerminal)
}

function info({ environment }: { readonly environment: Readonly<Record<string, string>> }): unknown {
  return JSON.parse(environment['KUBERNETES_EXEC_INFO'] ?? '')
}

t.test('a command without a folder is searched in PATH, one with a folder is relative to the kubeconfig', (t) => {
  t.equal(plugin({}).command, 'aws')
  t.equal(plugin({ command: './bin/aws' }).command, '/home/a/.kube/bin/aws')
  t.equal(plugin({ command: '../aws' }).command, '/home/a/aws')
  t.equal(plugin({ command: '/usr/bin/aws' }).command, '/usr/bin/aws')
  t.end()
})

t.test('args and variables are passed on, and other content is ignored', (t) => {
  const { args, environment } = plugin({
    args: ['eks', 'get-token', 1],
    env: [
      { name: 'AWS_PROFILE', value: 'a' },
      { name: 'KUBERNETES_EXEC_INFO', value: 'x' },
    ],
  })
  t.strictSame(args, ['eks', 'get-token'])
  t.match(environment, { AWS_PROFILE: 'a', KUBERNETES_EXEC_INFO: /^\{"apiVersion"/ })
  t.strictSame(plugin({ args: null, env: null }).args, [])
  t.end()
})

t.test('the plugin is interactive only if a person is present and allowed', (t) => {
  const rows: readonly (readonly [mode: string | undefined, hasTerminal: boolean, interactive: boolean])[] = [
    [undefined, true, true],
    [undefined, false, false],
    ['IfAvailable', true, true],
    ['Never', true, false],
    ['Always', true, true],
  ]
  for (const [interactiveMode, hasTerminal, interactive] of rows) {
    const parsed = plugin({ interactiveMode }, hasTerminal)
    t.equal(parsed.interactive, interactive, String(interactiveMode))
    t.match(info(parsed), { spec: { interactive } })
  }
  t.throws(() => plugin({ interactiveMode: 'Always' }), { code: 'exec_plugin_failed' })
  t.end()
})

t.test('the cluster is passed on only if the kubeconfig says so', (t) => {
  const more = {
    tls: { ca: 'PEM', servername: 'kubernetes', rejectUnauthorized: false },
    cluster: {
      'proxy-url': 'http://proxy',
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
    },
  }
  t.notMatch(info(plugin({}, false, more)), { spec: { cluster: Object } })
  t.strictSame(info(plugin({ provideClusterInfo: true }, false, more)), {
    apiVersion: API_VERSION,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      cluster: {
        server: 'https://10.0.0.1',
        'tls-server-name': 'kubernetes',
        'insecure-skip-tls-verify': true,
        'certificate-authority-data': Buffer.from('PEM').toString('base64'),
        'proxy-url': 'http://proxy',
        config: { audience: 'x' },
      },
    },
  })
  t.end()
})

function answer(status: unknown, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'ExecCredential', status, ...more })
}

function parse(stdout: string): unknown {
  return parseExecCredentials(stdout, plugin({}))
}

t.test('an answer is a token, a certificate with its key, or both', (t) => {
  t.strictSame(parse(answer({ token: 'a' })), { token: 'a' })
  const pair = { clientCertificateData: 'c', clientKeyData: 'k' }
  t.strictSame(parse(answer(pair)), { token: null, cert: 'c', key: 'k' })
  t.strictSame(parse(answer({ ...pair, token: 'a' })), { token: 'a', cert: 'c', key: 'k' })
  const secret = 'a-secret'
  const refused = [
    secret,
    '',
    'null',
    JSON.stringify([secret]),
    answer(null),
    answer({ token: 1 }),
    answer({ token: '' }),
    answer({ token: secret, clientKeyData: 'k' }),
    answer({ token: secret }, { kind: 'Status' }),
    answer({ token: secret }, { apiVersion: 'client.authentication.k8s.io/v1beta1' }),
  ]
  for (const stdout of refused) {
    let message = ''
    try {
      parse(stdout)
    } catch (error) {
      message = error instanceof Error ? error.message : ''
    }
    t.match(message, /^exec plugin aws /, stdout)
    t.notMatch(message, secret)
  }
  t.end()
})
