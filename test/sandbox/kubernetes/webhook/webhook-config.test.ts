import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { readWebhookConfig } from './webhook-config.ts'

function kubeconfig(cluster: object, current = 'webhook'): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'aws-iam-authenticator', cluster }],
    users: [{ name: 'apiserver', user: {} }],
    contexts: [{ name: 'webhook', context: { cluster: 'aws-iam-authenticator', user: 'apiserver' } }],
    'current-context': current,
  })
}

const cluster = { server: 'https://localhost:21362/authenticate', 'certificate-authority-data': btoa('pem') }

await t.test('server and authority of the current context', async (test) => {
  const dir = test.testdir({ good: kubeconfig(cluster) })
  const { url, certificateAuthority } = await readWebhookConfig(join(dir, 'good'))
  test.equal(url.href, cluster.server)
  test.equal(certificateAuthority, 'pem')
})

await t.test('unusable files', async (test) => {
  const dir = test.testdir({
    empty: '',
    context: kubeconfig(cluster, 'other'),
    plain: kubeconfig({ ...cluster, server: 'http://localhost/' }),
    trustless: kubeconfig({ server: cluster.server }),
  })
  for (const name of ['empty', 'context', 'plain', 'trustless', 'absent']) {
    await test.rejects(readWebhookConfig(join(dir, name)), name)
  }
})
