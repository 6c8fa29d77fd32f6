// A Kubernetes API with aws-auth and identity mappings, as a separate process, so that it does not delay the measurement.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { allowAll, FakeKubernetes } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { isOrder } from '../orders.ts'
import { BENCH_USER, usersOf } from '../tokens.ts'

const TOKEN = 'bench'
const tls = selfSignedPair('kube-apiserver')
const api = await FakeKubernetes.start({ tls, accounts: [{ username: 'server', token: TOKEN, allow: allowAll }] })
const folder = mkdtempSync(join(tmpdir(), 'bench-cluster-'))
const kubeconfig = join(folder, 'config')
await writeKubeconfig(kubeconfig, { server: api.url, certificateAuthority: tls.cert, user: { token: TOKEN } })

process.on('message', (message) => {
  if (!isOrder(message)) return
  const mapUsers = message.order === 'aws-auth' ? usersOf(message.username, message.bytes, message.others) : ''
  const at = performance.timeOrigin + performance.now()
  if (message.order === 'aws-auth') {
    api.putConfigMap('kube-system', 'aws-auth', { mapUsers })
  } else if (message.order === 'mapping') {
    api.putIdentityMapping('bench', { arn: BENCH_USER, username: message.username })
  } else {
    for (let count = 0; count < message.count; count += 1) {
      const arn = `arn:aws:iam::111122223333:role/role-${count}`
      api.putIdentityMapping(`role-${count}`, { arn, username: `user-${count}:{{SessionName}}`, groups: ['team'] })
    }
  }
  process.send?.({ at })
})
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
})
process.send?.({ kubeconfig })
