import { X509Certificate } from 'node:crypto'
import { type KeyPairOptions, loadOrCreateKeyPair } from './key-pair.ts'
import { readFileIfPresent } from './read-file.ts'
import { renderWebhookKubeconfig } from './webhook-kubeconfig.ts'
import { writeFileAtomically } from './write-file.ts'

export interface InitializeOptions extends KeyPairOptions {
  /** The port of the webhook. */
  readonly port: number
  readonly kubeconfigPath: string
}

/** What a node has after `initialize`. */
export interface Initialized {
  readonly certificatePath: string
  readonly keyPath: string
  readonly kubeconfigPath: string
  /** Whether the pair is new. */
  readonly created: boolean
  /** The end of the certificate's validity. */
  readonly notAfter: Date
}

/**
 * Prepares a node for the server: the TLS pair, made where there is none, and the webhook kubeconfig that trusts it.
 * Files that are as they should be are not written again.
 *
 * @throws FileError, HostError as `loadOrCreateKeyPair`
 */
export async function initialize(options: InitializeOptions): Promise<Initialized> {
  const { certificatePath, keyPath, kubeconfigPath, hostname, port } = options
  const { certificatePem, created } = await loadOrCreateKeyPair(options)
  const kubeconfig = renderWebhookKubeconfig({ hostname, port, certificatePem })
  if ((await readFileIfPresent(kubeconfigPath)) !== kubeconfig) {
    await writeFileAtomically(kubeconfigPath, kubeconfig, { mode: 0o644, makeDirectory: true })
  }
  const notAfter = new Date(new X509Certificate(certificatePem).validTo)
  return { certificatePath, keyPath, kubeconfigPath, created, notAfter }
}
