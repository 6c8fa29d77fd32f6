import { createServer, get } from 'node:https'
import { test } from 'tap'
import { parse } from 'yaml'
import { createKeyPair } from '../src/pair/certificate.ts'
import { HostError } from '../src/pair/host.ts'
import { renderWebhookKubeconfig } from '../src/webhook-kubeconfig.ts'

const now = new Date()
const pair = await createKeyPair({ hostname: 'localhost', address: '127.0.0.1', now })
const { certificatePem } = pair

/** The part of a kubeconfig that kube-apiserver needs to call the webhook. */
function clusterOf(kubeconfig: string): { server: string; ca: Buffer } {
  const server = /^ +server: (\S+)$/m.exec(kubeconfig)?.[1] ?? ''
  const authority = /^ +certificate-authority-data: (\S+)$/m.exec(kubeconfig)?.[1] ?? ''
  return { server, ca: Buffer.from(authority, 'base64') }
}

/** The status that an HTTPS server returns to a client that trusts only `ca`. */
function statusOf(url: string, options: { ca: Buffer; servername?: string }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ...options, agent: false, family: 4 }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
    request.once('error', reject)
  })
}

void test('the document has the names that clusters depend on', async (t) => {
  const kubeconfig: unknown = parse(renderWebhookKubeconfig({ hostname: 'localhost', port: 21362, certificatePem }))
  t.strictSame(kubeconfig, {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'aws-iam-authenticator',
        cluster: {
          'certificate-authority-data': Buffer.from(certificatePem).toString('base64'),
          server: 'https://localhost:21362/authenticate',
        },
      },
    ],
    users: [{ name: 'apiserver', user: {} }],
    contexts: [{ name: 'webhook', context: { cluster: 'aws-iam-authenticator', user: 'apiserver' } }],
    'current-context': 'webhook',
  })
})

void test('every value is on one line, including the certificate', async (t) => {
  const kubeconfig = renderWebhookKubeconfig({ hostname: 'localhost', port: 21362, certificatePem })
  t.equal(clusterOf(kubeconfig).ca.toString(), certificatePem)
})

void test('an IPv6 hostname is in brackets, others are unchanged', async (t) => {
  const urls: [hostname: string, url: string][] = [
    ['::1', 'https://[::1]:443/authenticate'],
    ['2001:DB8:0::1', 'https://[2001:db8::1]:443/authenticate'],
    ['10.0.0.1', 'https://10.0.0.1:443/authenticate'],
    ['api.example.com', 'https://api.example.com:443/authenticate'],
  ]
  for (const [hostname, url] of urls) {
    t.equal(clusterOf(renderWebhookKubeconfig({ hostname, port: 443, certificatePem })).server, url)
  }
})

void test('a hostname that would change the URL is rejected', async (t) => {
  for (const hostname of ['evil.example.com/', 'a@b', '[::1]', '']) {
    const render = () => renderWebhookKubeconfig({ hostname, port: 443, certificatePem })
    t.throws(render, { constructor: HostError, code: 'host_invalid' })
  }
})

void test('a client that trusts only this kubeconfig connects to a server with the pair', async (t) => {
  const server = createServer({ cert: pair.certificatePem, key: pair.keyPem }, (_, response) => response.end('answer'))
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  const { port } = address

  for (const hostname of ['localhost', '127.0.0.1']) {
    const cluster = clusterOf(renderWebhookKubeconfig({ hostname, port, certificatePem }))
    t.equal(await statusOf(cluster.server, { ca: cluster.ca }), 200, hostname)
  }

  const { server: url, ca } = clusterOf(renderWebhookKubeconfig({ hostname: 'localhost', port, certificatePem }))
  await t.rejects(statusOf(url, { ca, servername: 'other.example.com' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  const stranger = await createKeyPair({ hostname: 'localhost', address: '127.0.0.1', now })
  await t.rejects(statusOf(url, { ca: Buffer.from(stranger.certificatePem) }), { code: /SIGNATURE|SELF_SIGNED|UNABLE/ })
})
