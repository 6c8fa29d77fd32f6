import { X509Certificate } from 'node:crypto'
import { createKeyPair, type KeyPair } from './pair/certificate.ts'
import { type KeyPairOptions, loadOrCreateKeyPair } from './pair/key-pair.ts'
import { replaceKeyPair } from './pair/publish.ts'
import { readFileIfPresent } from '@aws-iam-authenticator/files/write/read-file'
import { readCertificateFile, readKeyFile } from './pair/read-pair-file.ts'
import { renderWebhookKubeconfig } from './webhook-kubeconfig.ts'
import { makeParentDirectory, writeFileAtomically } from '@aws-iam-authenticator/files/write/write-file'

interface InitializeOptions extends KeyPairOptions {
  /** The port of the webhook. */
  readonly port: number
  readonly kubeconfigPath: string
  /** True to replace an existing pair. Default: false. */
  readonly renew?: boolean
}

/** The result of `initialize`. */
interface Initialized {
  readonly certificatePath: string
  readonly keyPath: string
  readonly kubeconfigPath: string
  /** True if the pair is new. */
  readonly created: boolean
  /** True if it replaced another pair. The kubeconfig then trusts both certificates. */
  readonly renewed: boolean
  /** The end of the certificate's validity. */
  readonly notAfter: Date
}

/**
 * Prepares a node for the server: creates the TLS pair if there is none, and the webhook kubeconfig that trusts it. Doesn't
 * write a file that is already up to date.
 *
 * With `renew`, replaces an existing pair, whatever its state. The kubeconfig then trusts the previous certificate too. The
 * API server reads it only at its start, so it must know both certificates before the server presents the new one.
 *
 * @throws FileError, HostError as `loadOrCreateKeyPair`
 */
export async function initialize(options: InitializeOptions): Promise<Initialized> {
  const { certificatePath, keyPath, kubeconfigPath } = options
  const before = options.renew === true ? await certificateBefore(certificatePath) : undefined
  const mustRenew = options.renew === true && (before !== undefined || (await readKeyFile(keyPath)) !== undefined)
  const { certificatePem, created } = mustRenew ? await renewPair(options, before) : await loadOrCreate(options)
  const notAfter = new X509Certificate(certificatePem).validToDate
  return { certificatePath, keyPath, kubeconfigPath, created, renewed: mustRenew, notAfter }
}

async function loadOrCreate(options: InitializeOptions): Promise<KeyPair & { readonly created: boolean }> {
  const pair = await loadOrCreateKeyPair(options)
  await writeKubeconfig(options, pair.certificatePem)
  return pair
}

/** Writes the kubeconfig first. A process killed after that leaves the previous pair, which the kubeconfig trusts. */
async function renewPair(options: InitializeOptions, before = ''): Promise<KeyPair & { readonly created: boolean }> {
  const pair = await createKeyPair(options)
  await makeParentDirectory(options.certificatePath)
  await makeParentDirectory(options.keyPath)
  await replaceKeyPair(options, pair, () => writeKubeconfig(options, pair.certificatePem + before))
  return { ...pair, created: true }
}

async function writeKubeconfig(options: InitializeOptions, certificatePem: string): Promise<void> {
  const { hostname, port, kubeconfigPath } = options
  const kubeconfig = renderWebhookKubeconfig({ hostname, port, certificatePem })
  if ((await readFileIfPresent(kubeconfigPath)) === kubeconfig) return
  await writeFileAtomically(kubeconfigPath, kubeconfig, { mode: 0o644, makeDirectory: true })
}

/** The certificate that the API server trusts now, normalized; empty if the file holds none. */
async function certificateBefore(path: string): Promise<string | undefined> {
  const text = await readCertificateFile(path)
  if (text === undefined) return undefined
  try {
    return new X509Certificate(text).toString()
  } catch {
    return ''
  }
}
