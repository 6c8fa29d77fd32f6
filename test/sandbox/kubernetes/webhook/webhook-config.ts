import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { isRecord } from '../api/objects.ts'

/** The webhook of an API server, and the authority to trust. */
export type WebhookConfig = {
  url: URL
  /** PEM. */
  certificateAuthority: string
}

function named(list: unknown, name: unknown, what: string): Record<string, unknown> {
  const items: unknown[] = Array.isArray(list) ? list : []
  const item = items.find((each) => isRecord(each) && each.name === name)
  const content = isRecord(item) ? item[what] : undefined
  if (!isRecord(content)) throw new Error(`the webhook kubeconfig has no ${what} ${String(name)}`)
  return content
}

/**
 * Reads the file of `--authentication-token-webhook-config-file` (Kubernetes documentation, "Webhook Token
 * Authentication"): the cluster of the current context.
 *
 * @throws Error if it is not a kubeconfig with an https server and certificate-authority-data.
 */
export async function readWebhookConfig(path: string): Promise<WebhookConfig> {
  const config: unknown = parse(await readFile(path, 'utf8'))
  if (!isRecord(config) || config.kind !== 'Config' || config.apiVersion !== 'v1') throw new Error('no kubeconfig')
  const context = named(config.contexts, config['current-context'], 'context')
  const cluster = named(config.clusters, context.cluster, 'cluster')
  named(config.users, context.user, 'user')
  const { server, 'certificate-authority-data': authority } = cluster
  if (typeof server !== 'string' || typeof authority !== 'string') throw new Error('the cluster has no server or no CA')
  const url = new URL(server)
  if (url.protocol !== 'https:') throw new Error('the webhook is not asked over TLS')
  return { url, certificateAuthority: Buffer.from(authority, 'base64').toString() }
}
