import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { allowAll } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { clusterTls } from './harness/cluster.ts'
import { startPersonCluster } from './harness/person-cluster.ts'

const GROUP = 'client.authentication.k8s.io'
const ARN = 'arn:aws:iam::123456789012:role/Admin'

function role(kubeconfig: string, name: string): readonly string[] {
  return [
    'add',
    'role',
    '--prompt=false',
    '--username=a',
    '--groups=b',
    `--rolearn=${ARN}${name}`,
    '--kubeconfig',
    kubeconfig,
  ]
}

/** A plugin: a shell script that records its input, then answers. */
function plugin(path: string, answer: unknown): void {
  const script = `#!/bin/sh\nprintf '%s' "$KUBERNETES_EXEC_INFO" > "$NOTES/info"\nprintf '%s' "$* $WHO" > "$NOTES/args"\ncat <<'END'\n${JSON.stringify(answer)}\nEND\n`
  writeFileSync(path, script)
  chmodSync(path, 0o755)
}

function credential(apiVersion: string, status: unknown): unknown {
  return { apiVersion, kind: 'ExecCredential', status }
}

t.test('a token in a file and a client certificate log in', async (t) => {
  const client = selfSignedPair('certified')
  const cluster = await startPersonCluster(t, {}, { clientCa: client.cert })
  writeFileSync(join(cluster.folder, 'token'), `${cluster.token}\n`)
  const byFile = await cluster.writeKubeconfig('by-file', { tokenFile: 'token' })
  t.match(await cluster.run(role(byFile, '1')), { code: 0, stderr: '' })
  cluster.api.setAccounts([{ username: 'certified', allow: allowAll }])
  const certified = { clientCertificate: client.cert, clientKey: client.key }
  const byCertificate = await cluster.writeKubeconfig('by-certificate', certified)
  t.match(await cluster.run(role(byCertificate, '2')), { code: 0, stderr: '' })
})

t.test('an exec plugin logs in with a token, in every version', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const bin = join(cluster.folder, 'bin')
  mkdirSync(bin)
  const environment = { NOTES: cluster.folder, PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  const note = (name: string): string => readFileSync(join(cluster.folder, name), 'utf8')
  for (const version of ['v1', 'v1beta1', 'v1alpha1']) {
    const apiVersion = `${GROUP}/${version}`
    plugin(join(bin, 'our-plugin'), credential(apiVersion, { token: cluster.token }))
    const exec = { apiVersion, command: 'our-plugin', args: ['get', 'it'], env: [{ name: 'WHO', value: 'me' }] }
    const plain = await cluster.writeKubeconfig('plain', { exec: { ...exec, interactiveMode: 'IfAvailable' } })
    t.match(await cluster.run(role(plain, `${version}-plain`), { environment }), { code: 0, stderr: '' }, version)
    t.equal(note('args'), 'get it me')
    t.strictSame(JSON.parse(note('info')), { apiVersion, kind: 'ExecCredential', spec: { interactive: false } })

    const told = await cluster.writeKubeconfig('told', { exec: { ...exec, provideClusterInfo: true } })
    t.match(await cluster.run(role(told, `${version}-told`), { environment }), { code: 0 }, version)
    const data = Buffer.from(clusterTls.cert).toString('base64')
    const about = { server: cluster.api.url, 'certificate-authority-data': data }
    // The first version has no cluster.
    const spec = { interactive: false, ...(version === 'v1alpha1' ? {} : { cluster: about }) }
    t.strictSame(JSON.parse(note('info')), { apiVersion, kind: 'ExecCredential', spec })
  }
})

t.test('an exec plugin logs in with a client certificate', async (t) => {
  const client = selfSignedPair('certified')
  const accounts = [{ username: 'certified', allow: allowAll }]
  const cluster = await startPersonCluster(t, {}, { clientCa: client.cert, accounts })
  const apiVersion = `${GROUP}/v1`
  plugin(
    join(cluster.folder, 'plugin'),
    credential(apiVersion, { clientCertificateData: client.cert, clientKeyData: client.key }),
  )
  const exec = { apiVersion, command: './plugin', interactiveMode: 'Never' }
  const kubeconfig = await cluster.writeKubeconfig('config', { exec })
  const result = await cluster.run(role(kubeconfig, ''), { environment: { NOTES: cluster.folder } })
  t.match(result, { code: 0, stderr: '' }, 'a command with a folder is relative to the kubeconfig')
})

t.test('a failed exec plugin is reported without its output', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const apiVersion = `${GROUP}/v1`
  const secret = 'a-secret-that-nobody-may-see'
  const path = join(cluster.folder, 'plugin')
  const rows: readonly (readonly [exec: Record<string, unknown>, answer: unknown, error: RegExp])[] = [
    [{ command: 'no-such-plugin' }, null, /exec plugin no-such-plugin of the kubeconfig is not found$/m],
    [{ command: 'no-such-plugin', installHint: 'brew install it' }, null, /is not found: brew install it$/m],
    [{ command: 'sh', args: ['-c', `echo ${secret}; exit 3`] }, null, /exec plugin sh .* failed with exit code 3$/m],
    [{ command: 'echo', args: [secret] }, null, /exec plugin echo answered with no JSON/],
    [{ command: path }, { token: secret }, /answered with no ExecCredential/],
    [
      { command: path },
      credential(`${GROUP}/v1beta1`, { token: secret }),
      /configured for .*v1 and answered in .*v1beta1/,
    ],
    [{ command: path }, credential(apiVersion, {}), /gave neither a token nor a client certificate/],
    [{ command: path }, credential(apiVersion, { clientKeyData: secret }), /certificate or its key, not both/],
    [{ command: path, apiVersion: `${GROUP}/v2` }, null, /apiVersion ".*v2" is none of/],
    [{ command: path, interactiveMode: 'Always' }, null, /interactiveMode: Always.*: run this in a terminal/],
    [{}, null, /exec has no command/],
  ]
  for (const [exec, answer, error] of rows) {
    plugin(path, answer)
    const kubeconfig = await cluster.writeKubeconfig('config', { exec: { apiVersion, ...exec } })
    const result = await cluster.run(role(kubeconfig, ''), { environment: { NOTES: cluster.folder } })
    t.match(result, { code: 1, stdout: '', stderr: error }, String(error))
    t.notMatch(result.stderr, secret)
  }
  t.equal(cluster.api.requests.length, 0)
})

t.test('another context and another URL can be given', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const kubeconfig = join(cluster.folder, 'config')
  writeFileSync(
    kubeconfig,
    readFileSync(kubeconfig, 'utf8')
      .replace('current-context: sandbox', 'current-context: gone')
      .replace(/server: .*/, 'server: https://127.0.0.1:1'),
  )
  t.match(await cluster.run(role(kubeconfig, '')), { code: 1, stderr: /context "gone" leads to no cluster/ })
  const context = ['--kubeconfig-context', 'sandbox']
  const gone = await cluster.run([...role(kubeconfig, ''), ...context])
  t.match(gone, {
    code: 1,
    stdout: '',
    stderr: /^Error: can't reach https:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*; nothing was written/,
  })
  t.match(await cluster.run([...role(kubeconfig, ''), ...context, '--master-url', cluster.api.url]), { code: 0 })
})

t.test('missing rights are reported with the right to ask for', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const reads = [{ verbs: ['get'], resources: ['configmaps'] }]
  cluster.api.setAccounts([{ username: 'reader', token: cluster.token, allow: reads }])
  const forbidden = /can't update .*"reader" cannot update resource.*: ask for a Role that grants update on/
  t.match(await cluster.run(role(cluster.kubeconfig, '')), { code: 1, stdout: '', stderr: forbidden })
  cluster.api.setAccounts([])
  const unauthorized = /can't get .*Unauthorized: .*credentials have expired; nothing was written/
  t.match(await cluster.run(role(cluster.kubeconfig, '')), { code: 1, stdout: '', stderr: unauthorized })
  const other = await cluster.writeKubeconfig('other', { token: cluster.token })
  const authority = Buffer.from(selfSignedPair('other').cert).toString('base64')
  const text = readFileSync(other, 'utf8').replace(
    /certificate-authority-data: .*(\n {6}.*)*/,
    `certificate-authority-data: ${authority}`,
  )
  writeFileSync(other, text)
  t.match(await cluster.run(role(other, '')), { code: 1, stderr: /can't reach .*certificate.*nothing was written/i })
})
