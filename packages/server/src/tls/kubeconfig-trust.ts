import { X509Certificate } from 'node:crypto'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { pemBlocks } from '@aws-iam-authenticator/core/document/pem-blocks'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import { certificatesOfKubeconfig, renderWebhookKubeconfig } from '@aws-iam-authenticator/init/webhook-kubeconfig'
import { writeFileAtomically } from '@aws-iam-authenticator/files/write/write-file'
import type { KeyPair } from '@aws-iam-authenticator/init/pair/certificate'

interface KubeconfigTrustOptions {
  readonly kubeconfigPath: string
  /** Whether the webhook kubeconfig is managed by others and must not be written. */
  readonly kubeconfigPregenerated: boolean
  readonly hostname: string
  readonly port: number
  readonly log: Log
}

/**
 * Whether a client that trusts `trusted` accepts the chain in `certificatePem`: a certificate of the chain is trusted, or was issued by
 * a trusted one. Like Go, it never counts a certificate as issued by a trusted one with the same subject.
 */
function isTrusted(certificatePem: string, trusted: readonly X509Certificate[]): boolean {
  const chain = pemBlocks(certificatePem, ['CERTIFICATE']).map((pem) => new X509Certificate(pem))
  const isAnchored = (link: X509Certificate): boolean =>
    trusted.some(
      (anchor) =>
        anchor.fingerprint256 === link.fingerprint256 ||
        (anchor.subject !== link.subject && link.checkIssued(anchor) && link.verify(anchor.publicKey)),
    )
  return chain.some(isAnchored)
}

async function readTrusted(path: string): Promise<readonly X509Certificate[] | null> {
  try {
    return certificatesOfKubeconfig(await readRegularFile(path))
  } catch {
    return null
  }
}

/**
 * Warns, after another pair was loaded, if kube-apiserver does not trust it by the webhook kubeconfig, which kube-apiserver reads only
 * at its start. If the kubeconfig is this server's own, it is written again with both the new certificate and the one before.
 *
 * @returns Why kube-apiserver refuses the certificate; null if it does not, or if that is not known.
 */
export async function checkKubeconfigTrust(
  pair: KeyPair,
  before: KeyPair,
  options: KubeconfigTrustOptions,
): Promise<string | null> {
  const { kubeconfigPath, kubeconfigPregenerated, hostname, port, log } = options
  const fields = { kubeconfig: kubeconfigPath }
  const trusted = await readTrusted(kubeconfigPath)
  if (trusted !== null && isTrusted(pair.certificatePem, trusted)) return null
  if (kubeconfigPregenerated && trusted === null) {
    log.warn('kube-apiserver refuses the new certificate unless its webhook kubeconfig held it when it started', fields)
    return null
  }
  if (!kubeconfigPregenerated) {
    const own = new X509Certificate(before.certificatePem).toString()
    const kubeconfig = renderWebhookKubeconfig({ hostname, port, certificatePem: pair.certificatePem + own })
    try {
      await writeFileAtomically(kubeconfigPath, kubeconfig, { mode: 0o644 })
      log.info('wrote the webhook kubeconfig with the new certificate and the one before', fields)
    } catch (error) {
      log.error('the webhook kubeconfig can not be written', { ...fields, error: messageOf(error) })
    }
  }
  const todo = kubeconfigPregenerated ? 'put the new certificate into it and restart kube-apiserver' : 'restart it'
  log.warn(
    `the webhook kubeconfig did not hold the new certificate: kube-apiserver refuses this server; ${todo}`,
    fields,
  )
  const fix = kubeconfigPregenerated ? todo : 'restart kube-apiserver'
  return `kube-apiserver refuses the new certificate, which ${kubeconfigPath} did not hold: ${fix}`
}
