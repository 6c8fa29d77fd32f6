import { chownSync, copyFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand, minimalEnvironment, temporaryFolder } from '../e2e/harness/command.ts'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { MANIFESTS, startControlPlane, type ControlPlane } from './harness/control-plane.ts'
import { roleToken } from './harness/govcloud.ts'
import { startPod } from './harness/pod.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'

const UID = 10_000
const UNKNOWN_AUTHORITY = 'x509: certificate signed by unknown authority'
const NAMES = ['key.pem', 'cert.pem']
const STATE = '/var/aws-iam-authenticator'
const KUBECONFIG = '/srv/kubernetes/aws-iam-authenticator/kubeconfig.yaml'

const EXTENSIONS = [
  'subjectAltName=IP:127.0.0.1,DNS:localhost',
  'extendedKeyUsage=serverAuth',
  'keyUsage=critical,digitalSignature,keyEncipherment',
].flatMap((extension) => ['-addext', extension])

if (noThrowAwayRoot !== false) t.plan(0, noThrowAwayRoot)
else await story(await startControlPlane(t, { overlay: 'govcloud', roles: ['K8s-Admin'] }))

async function openssl(folder: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runBinary('openssl', args, { cwd: folder, env: { PATH: process.env['PATH'] ?? '' } })
  if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
}

/** A folder with a new pair, as init creates it, and its kubeconfig. */
async function initialized(): Promise<string> {
  const folder = temporaryFolder(t)
  const init = ['init', '--cluster-id=k8s.local']
  const { code, stderr } = await runCommand(init, { cwd: folder, environment: minimalEnvironment(folder) })
  if (code !== 0) throw new Error(stderr)
  return folder
}

async function story(plane: ControlPlane): Promise<void> {
  const { api, aws, node } = plane
  const example = readFileSync(join(MANIFESTS, 'examples/aws-auth.yaml'), 'utf8')
  await api.admin(['apply', '-f', '-'], example.replaceAll('arn:aws:', 'arn:aws-us-gov:'))
  let { pod } = plane
  const state = (name: string): string => node.path(join(STATE, name))
  const original = temporaryFolder(t)
  for (const name of NAMES) copyFileSync(state(name), join(original, name))
  const who = (): Promise<string> => api.whoIs(roleToken(aws, 'K8s-Admin'))
  /** Replaces the server's pair by that of a folder. */
  const put = (folder: string): void => {
    for (const name of NAMES) {
      copyFileSync(join(folder, name), state(`${name}.new`))
      chownSync(state(`${name}.new`), UID, UID)
      renameSync(state(`${name}.new`), state(name))
    }
  }
  const replace = async (folder: string): Promise<void> => {
    put(folder)
    await pod.stop()
    pod = await startPod(t, { api, node, aws })
  }
  t.equal(await who(), 'iam-admin-alice', 'with the pair of the user data')

  await t.test('a certificate reissued with the same key and names is refused', async (t) => {
    const folder = temporaryFolder(t)
    copyFileSync(state('key.pem'), join(folder, 'key.pem'))
    await openssl(folder, 'x509', '-in', state('cert.pem'), '-signkey', 'key.pem', '-days', '30', '-out', 'cert.pem')
    await replace(folder)
    // Go treats a certificate with the same subject, key and names as the root itself, and its bytes differ.
    t.equal(await who(), 'status 401')
    t.ok(api.log().includes(UNKNOWN_AUTHORITY))
  })

  for (const key of ['the same key', 'another key']) {
    await t.test(`a certificate of ${key} signed by the first pair is accepted`, async (t) => {
      const folder = temporaryFolder(t)
      if (key === 'another key') await openssl(folder, 'genrsa', '-out', 'key.pem', '2048')
      else copyFileSync(join(original, 'key.pem'), join(folder, 'key.pem'))
      const signer = ['-CA', join(original, 'cert.pem'), '-CAkey', join(original, 'key.pem')]
      const subject = ['-key', 'key.pem', '-subj', '/CN=aws-iam-authenticator-2', '-days', '30']
      await openssl(folder, 'req', '-x509', ...subject, ...EXTENSIONS, ...signer, '-out', 'cert.pem')
      await replace(folder)
      t.equal(await who(), 'iam-admin-alice', 'kube-apiserver need not know')
    })
  }

  await t.test('another pair needs its kubeconfig and a restart of kube-apiserver', async (t) => {
    const folder = await initialized()
    await replace(folder)
    t.equal(await who(), 'status 401', 'kube-apiserver trusts what its kubeconfig had when it started')
    t.ok(api.log().includes(UNKNOWN_AUTHORITY))
    copyFileSync(join(folder, 'aws-iam-authenticator.kubeconfig'), node.path(KUBECONFIG))
    t.equal(await who(), 'status 401', 'it does not read the file again')
    await api.restart()
    t.equal(await who(), 'iam-admin-alice')
  })

  await t.test('init --force in the order of the guide: another pair without a refused login', async (t) => {
    const folder = temporaryFolder(t)
    for (const name of NAMES) copyFileSync(state(name), join(folder, name))
    const init = ['init', '--cluster-id=k8s.local', '--force']
    const made = await runCommand(init, { cwd: folder, environment: minimalEnvironment(folder) })
    t.equal(made.code, 0, made.stderr)
    copyFileSync(join(folder, 'aws-iam-authenticator.kubeconfig'), node.path(KUBECONFIG))
    await api.restart()
    t.equal(await who(), 'iam-admin-alice', 'the old pair is trusted still')
    put(folder)
    await pod.until((output) => output.includes('took over the new TLS pair'))
    t.equal(await who(), 'iam-admin-alice', 'the server has taken over the new one without a restart')
    t.equal((await pod.stop()).code, 0)
  })
}
