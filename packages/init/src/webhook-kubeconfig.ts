import { X509Certificate } from 'node:crypto'
import { pemBlocks } from '@aws-iam-authenticator/core/document/pem-blocks'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { readYamlValue } from '@aws-iam-authenticator/core/document/read-yaml'
import { stringify } from 'yaml'
import { parseHost } from './pair/host.ts'

const CLUSTER = 'aws-iam-authenticator'
const USER = 'apiserver'
const CONTEXT = 'webhook'

interface WebhookKubeconfigOptions {
  /** The name or IP address of the webhook for the API server. IPv6 is without brackets. */
  readonly hostname: string
  readonly port: number
  /** The certificates that the API server trusts, concatenated. */
  readonly certificatePem: string
}

/**
 * Renders the kubeconfig for the API server's `--authentication-token-webhook-config-file` as YAML (Kubernetes, "Webhook
 * Token Authentication"). Its user has a name and no credentials.
 *
 * @throws HostError `host_invalid`
 */
export function renderWebhookKubeconfig({ hostname, port, certificatePem }: WebhookKubeconfigOptions): string {
  const { type, value } = parseHost(hostname)
  const cluster = {
    'certificate-authority-data': Buffer.from(certificatePem).toString('base64'),
    server: `https://${type === 'ipv6' ? `[${value}]` : value}:${port}/authenticate`,
  }
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: CLUSTER, cluster }],
    users: [{ name: USER, user: {} }],
    contexts: [{ name: CONTEXT, context: { cluster: CLUSTER, user: USER } }],
    'current-context': CONTEXT,
  }
  return stringify(kubeconfig, { lineWidth: 0 })
}

/** The certificates that a webhook kubeconfig trusts; empty if it can't be read. */
export function certificatesOfKubeconfig(text: string): readonly X509Certificate[] {
  try {
    const first = property(property(readYamlValue(text), 'clusters'), '0')
    const bundle = Buffer.from(textAt(first, 'cluster', 'certificate-authority-data') ?? '', 'base64').toString()
    return pemBlocks(bundle, ['CERTIFICATE']).map((pem) => new X509Certificate(pem))
  } catch {
    return []
  }
}
