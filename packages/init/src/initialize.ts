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
  /** Whether a new pair takes the place of one that is there. Default: false. */
  readonly renew?: boolean
}

/** What a node has after `initialize`. */
interface Initialized {
  readonly certificatePath: string
  readonly keyPath: string
  readonly kubeconfigPath: string
  /** Whether the pair is new. */
  readonly created: boolean
  /** Whether it took the place of another, whose certificate the kubeconfig trusts beside its own. */
  readonly renewed: boolean
  /** The end of the certificate's validity. */
  readonly notAfter: Date
}

/**
 * Prepares a node for the server: the TLS pair, made where there is none, and the webhook kubeconfig that trusts it.
 * Files that are as they should be are not written again.
 *
 * With `renew`, a pair that is there, in whatever state it is, gives way to a new one. The kubeconfig then trusts the
 * certificate before as well, since the API server reads it once, at its start: it must know both before the server shows the
 * new one.
 *
 * @throws FileError, HostError as `loadOrCreateKeyPair`
 */
export async function initialize(options: InitializeOptions): Promise<Initialized> {
  const { certificatePath, keyPath, kubeconfigPath } = options
  const before = options.renew === true ? await certificateBefore(certificatePath) : undefined
  const mustRenew = options.renew === true && (before !== undefined || (await readKeyFile(keyPath)) !== undefined)
  const { certificatePem, created } = mustRenew ? await renewPair(options, before) : await loadOrCreate(options)
  const notAfter = new Date(new X509Certificate(certificatePem).validTo)
  return { certificatePath, keyPath, kubeconfigPath, created, renewed: mustRenew, notAfter }
}

async function loadOrCreate(options: InitializeOptions): Promise<KeyPair & { readonly created: boolean }> {
  const pair = await loadOrCreateKeyPair(options)
  await writeKubeconfig(options, pair.certificatePem)
  return pair
}

/** The kubeconfig comes first: a process that is killed after that leaves the pair before, which it trusts. */
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

/** The certificate that the API server trusts now, in one spelling; empty where the file holds none. */
async function certificateBefore(path: string): Promise<string | undefined> {
  const text = await readCertificateFile(path)
  if (text === undefined) return undefined
  try {
    return new X509Certificate(text).toString()
  } catch {
    return ''
  }
}
