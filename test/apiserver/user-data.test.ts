import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { valueAt } from '../e2e/harness/logins.ts'
import { startNode } from './harness/node.ts'
import { noThrowAwayRoot as skip } from './harness/throw-away-root.ts'

const UID = 10_000
const STATE = '/var/aws-iam-authenticator'
const OUTPUT = '/srv/kubernetes/aws-iam-authenticator'
const COMMAND = '/usr/local/bin/aws-iam-authenticator'

t.test('the user data, run by root, leaves the expected files, modes and owners', { skip }, async (t) => {
  const node = await startNode(t)
  const { code, stdout, stderr } = await node.runUserData()
  t.equal(code, 0, stdout + stderr)
  const rows: readonly (readonly [path: string, mode: string, owner: number])[] = [
    [COMMAND, '755', 0],
    [STATE, '700', UID],
    [`${STATE}/cert.pem`, '644', UID],
    [`${STATE}/key.pem`, '600', UID],
    [OUTPUT, '755', UID],
    [`${OUTPUT}/kubeconfig.yaml`, '644', UID],
  ]
  for (const [path, mode, owner] of rows) {
    const found = statSync(node.path(path))
    t.same([(found.mode & 0o777).toString(8), found.uid, found.gid], [mode, owner, owner], path)
  }
  t.same(readdirSync(node.path(STATE)).toSorted(), ['cert.pem', 'key.pem'])
  t.same(readdirSync(node.path(OUTPUT)), ['kubeconfig.yaml'])
  t.match(readFileSync(node.path('/etc/passwd'), 'utf8'), /^aws-iam-authenticator:x:10000:10000:.*nologin$/m)

  const certificate = readFileSync(node.path(`${STATE}/cert.pem`))
  const kubeconfig: unknown = parse(readFileSync(node.path(`${OUTPUT}/kubeconfig.yaml`), 'utf8'))
  const cluster = { server: 'https://localhost:21362/authenticate' }
  t.match(kubeconfig, { clusters: [{ cluster }], 'current-context': 'webhook' })
  const data = valueAt(valueAt(kubeconfig, 'clusters', '0'), 'cluster', 'certificate-authority-data')
  t.equal(data, certificate.toString('base64'))

  const again = await node.runUserData()
  t.equal(again.code, 0, 'a second run')
  t.ok(certificate.equals(readFileSync(node.path(`${STATE}/cert.pem`))), 'the certificate is kept')
  t.same(parse(readFileSync(node.path(`${OUTPUT}/kubeconfig.yaml`), 'utf8')), kubeconfig)
})

t.test('a download with another checksum leaves nothing', { skip }, async (t) => {
  const node = await startNode(t)
  const sha256 = createHash('sha256').update('another').digest('hex')
  const changes = { sha256_amd64: sha256, sha256_arm64: sha256 }
  t.match(await node.runUserData(changes), { code: 1, stdout: '', stderr: /SHA-256/ })
  t.throws(() => statSync(node.path(COMMAND)), { code: 'ENOENT' })
  t.throws(() => statSync(node.path(STATE)), { code: 'ENOENT' })
})
