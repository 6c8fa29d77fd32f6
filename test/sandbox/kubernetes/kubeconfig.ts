import { writeFile } from 'node:fs/promises'
import { stringify } from 'yaml'

/** The credentials of a kubeconfig user: a bearer token, a file with one, or a client certificate. */
export type KubeconfigUser =
  | { token: string }
  | { tokenFile: string }
  /** PEM, written into the file in base64. */
  | { clientCertificate: string; clientKey: string }
  /** An exec plugin (client.authentication.k8s.io). */
  | { exec: Record<string, unknown> }

export type KubeconfigOptions = {
  server: string
  /** PEM of the authority to trust. */
  certificateAuthority: string
  user: KubeconfigUser
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function userFields(user: KubeconfigUser): Record<string, unknown> {
  if (!('clientKey' in user)) return user
  const { clientCertificate, clientKey } = user
  return { 'client-certificate-data': base64(clientCertificate), 'client-key-data': base64(clientKey) }
}

/** Writes a kubeconfig of one cluster, user and context, mode 0600. */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  const { server, certificateAuthority, user } = options
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster: { server, 'certificate-authority-data': base64(certificateAuthority) } }],
    users: [{ name: 'sandbox', user: userFields(user) }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'sandbox' } }],
    'current-context': 'sandbox',
  }
  await writeFile(path, stringify(config), { mode: 0o600 })
}
