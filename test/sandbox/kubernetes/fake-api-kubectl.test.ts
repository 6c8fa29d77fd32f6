import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { binariesRunHere, kubectl } from '../kubectl/kubectl.ts'
import { runBinary, type RunResult } from '../kubectl/run-binary.ts'
import { ADMIN_TOKEN, serverTls, startFixture } from './api/test-client.ts'
import { selfSignedPair } from './certificates.ts'
import { allowAll } from './fake-api.ts'
import { writeKubeconfig, type KubeconfigUser } from './kubeconfig.ts'

const skip = binariesRunHere ? false : 'the binaries are for Linux on x86-64'

function manifest(data: Record<string, string>): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'aws-auth', namespace: 'kube-system' },
    data,
  })
}

// An editor for kubectl: gets the file's name and changes the file.
const editor = `
const { readFileSync, writeFileSync } = require('node:fs')
const file = process.argv.at(-1)
writeFileSync(file, readFileSync(file, 'utf8').replace('before', 'after'))
`

for (const version of ['1.20', '1.35'] as const) {
  await t.test(`kubectl ${version}`, { skip }, async (test) => {
    const client = selfSignedPair('certified')
    const accounts = [{ username: 'certified', allow: allowAll }]
    const { api, stop } = await startFixture({ accounts, clientCa: client.cert })
    test.teardown(stop)
    const home = test.testdir({
      token: ADMIN_TOKEN,
      'editor.cjs': editor,
      'one.yaml': manifest({ mapRoles: '[]', mapUsers: '[]' }),
      'two.yaml': manifest({ mapRoles: 'before' }),
      'mapping.yaml': stringify({
        apiVersion: 'iamauthenticator.k8s.aws/v1alpha1',
        kind: 'IAMIdentityMapping',
        metadata: { name: 'admin' },
        spec: { arn: 'arn:aws:iam::123456789012:role/Admin', username: 'admin' },
      }),
    })
    const kubeconfig = join(home, 'config')
    const path = await kubectl(version)
    const env = { HOME: home, KUBECONFIG: kubeconfig, KUBE_EDITOR: `${process.execPath} ${join(home, 'editor.cjs')}` }
    const run = (...args: string[]): Promise<RunResult> => runBinary(path, args, { env, cwd: home })
    const ask = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(...args)
      test.equal(code, 0, `${args[0]} ${stderr}`)
      return stdout
    }
    const logIn = (user: KubeconfigUser): Promise<void> =>
      writeKubeconfig(kubeconfig, { server: api.url, certificateAuthority: serverTls.cert, user })

    await logIn({ token: ADMIN_TOKEN })
    await ask('apply', '--validate=false', '-f', 'one.yaml')
    test.match(api.getConfigMap('kube-system', 'aws-auth'), { data: { mapRoles: '[]', mapUsers: '[]' } })
    await ask('apply', '--validate=false', '-f', 'two.yaml')
    test.strictSame(api.getConfigMap('kube-system', 'aws-auth')?.data, { mapRoles: 'before' })
    await ask('edit', '--validate=false', 'configmap/aws-auth', '-n', 'kube-system')
    test.strictSame(api.getConfigMap('kube-system', 'aws-auth')?.data, { mapRoles: 'after' })

    await logIn({ tokenFile: join(home, 'token') })
    test.match(await ask('get', 'cm', '-n', 'kube-system', '-o', 'name'), 'configmap/aws-auth')
    test.match(await ask('get', 'configmap', '-A'), /kube-system\s+aws-auth/)
    await ask('apply', '--validate=false', '-f', 'mapping.yaml')
    test.match(api.getIdentityMapping('admin'), { spec: { username: 'admin' } })
    const mapping = await ask('get', 'iamidentitymappings', 'admin', '-o', 'jsonpath={.spec.username}')
    test.equal(mapping, 'admin')

    await logIn({ clientCertificate: client.cert, clientKey: client.key })
    await ask('delete', 'configmap', 'aws-auth', '-n', 'kube-system')
    test.equal(api.getConfigMap('kube-system', 'aws-auth'), undefined)

    await logIn({ token: 'wrong' })
    test.match(await run('get', 'configmap', '-n', 'kube-system'), {
      code: 1,
      stderr: /Unauthorized|must be logged in/,
    })
    api.setAccounts([{ username: 'nobody', token: ADMIN_TOKEN, allow: [] }])
    await logIn({ token: ADMIN_TOKEN })
    test.match(await run('get', 'configmap', 'x', '-n', 'kube-system'), {
      code: 1,
      stderr: /\(Forbidden\).*User "nobody"/,
    })
  })
}
