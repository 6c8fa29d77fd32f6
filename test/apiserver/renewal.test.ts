import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { once } from 'node:events'
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { MANIFESTS, startControlPlane, type ControlPlane } from './harness/control-plane.ts'
import { roleToken } from './harness/govcloud.ts'
import { Logins } from './harness/logins.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'

const STATE = '/var/aws-iam-authenticator'
const KUBECONFIG = '/srv/kubernetes/aws-iam-authenticator/kubeconfig.yaml'
const CONFIG = join(MANIFESTS, 'overlays/govcloud/config.yaml')
const PORT = 21362
const TAKEN_OVER_MS = 2000
/** The number of correct logins before the next step. */
const BETWEEN = 50

if (noThrowAwayRoot !== false) t.plan(0, noThrowAwayRoot)
else await story(await startControlPlane(t, { overlay: 'govcloud', roles: ['K8s-Admin'] }))

/** The program of the guide: it keeps the owner of an existing file, the user of the server. */
async function cp(from: string, to: string): Promise<void> {
  const { code, stderr } = await runBinary('cp', [from, to], { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
  if (code !== 0) throw new Error(stderr)
}

function fingerprint(path: string): string {
  return new X509Certificate(readFileSync(path)).fingerprint256
}

/** The SHA-256 of the server's certificate for a new connection. */
async function presented(): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: PORT, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

async function story(plane: ControlPlane): Promise<void> {
  const { api, aws, node, pod } = plane
  const example = readFileSync(join(MANIFESTS, 'examples/aws-auth.yaml'), 'utf8')
  await api.admin(['apply', '-f', '-'], example.replaceAll('arn:aws:', 'arn:aws-us-gov:'))
  const state = (name: string): string => node.path(join(STATE, name))
  const work = temporaryFolder(t)
  const init = async (...args: readonly string[]): Promise<void> => {
    const made = await runCommand(['init', '-c', CONFIG, ...args], {
      cwd: work,
      environment: minimalEnvironment(work),
    })
    if (made.code !== 0) throw new Error(made.stderr)
    copyFileSync(join(work, 'aws-iam-authenticator.kubeconfig'), node.path(KUBECONFIG))
  }
  /** Replaces the server's pair as in the guide, and waits until new connections get it. */
  const swap = async (suffix = ''): Promise<void> => {
    for (const name of ['key.pem', 'cert.pem']) await cp(join(work, `${name}${suffix}`), state(name))
    await eventually(t, 'taken over', fingerprint(state('cert.pem')), TAKEN_OVER_MS, presented)
  }

  await t.test('the certificate is renewed in the order of the guide without a refused login', async (t) => {
    const old = fingerprint(state('cert.pem'))
    await eventually(t, 'before', 'iam-admin-alice', 1000, () => api.whoIs(roleToken(aws, 'K8s-Admin')))
    const logins = new Logins(plane)
    await logins.more(BETWEEN)
    t.equal(logins.away, 0)

    for (const name of ['key.pem', 'cert.pem']) copyFileSync(state(name), join(work, name))
    await init('--force', '--key-type=ecdsa')
    t.equal(await presented(), old, 'step 1: the server does not see it')
    await logins.more(BETWEEN)
    await api.restart()
    await logins.more(BETWEEN)
    t.equal(logins.refused, 0, 'step 2: kube-apiserver trusts the old one still')
    const away = logins.away
    await swap()
    t.not(await presented(), old)
    t.ok(pod.output().includes('took over the new TLS pair'))
    await logins.more(BETWEEN)
    t.equal(logins.refused, 0, 'step 3: the connections that are open live on')
    t.equal(logins.away, away, 'nobody had to wait for it')
    await api.restart()
    await logins.more(BETWEEN)
    t.equal(logins.refused, 0, 'and new ones get the new pair, which kube-apiserver trusts')

    await swap('.old')
    await api.restart()
    await logins.more(BETWEEN)
    t.equal(logins.refused, 0, 'back to the old pair, before step 4')
    await swap()

    await init()
    await api.restart()
    await logins.more(BETWEEN)
    await logins.end()
    t.equal(logins.refused, 0, 'step 4: the new one alone')
    t.comment(`${logins.right} logins, ${logins.refused} refused, ${logins.away} while kube-apiserver itself was away`)
  })

  await t.test('a pair installed before its kubeconfig is refused and counted', async (t) => {
    const other = temporaryFolder(t)
    const made = await runCommand(['init', '-c', CONFIG], { cwd: other, environment: minimalEnvironment(other) })
    t.equal(made.code, 0, made.stderr)
    for (const name of ['key.pem', 'cert.pem']) await cp(join(other, name), state(name))
    await eventually(t, 'taken over', fingerprint(join(other, 'cert.pem')), TAKEN_OVER_MS, presented)
    await api.restart()
    const logins = new Logins(plane)
    await logins.more(1)
    await logins.end()
    t.ok(logins.refused > 0)
    t.equal(logins.right, 0)
    copyFileSync(join(other, 'aws-iam-authenticator.kubeconfig'), node.path(KUBECONFIG))
    await api.restart()
    t.equal(await api.whoIs(roleToken(aws, 'K8s-Admin')), 'iam-admin-alice')
    t.equal((await pod.stop()).code, 0)
  })
}
