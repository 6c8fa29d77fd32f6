import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { pemBlocks } from '@aws-iam-authenticator/core/document/pem-blocks'
import type { Writable } from '@aws-iam-authenticator/core/edit/render'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { entryNames, findEntry, type KubeconfigTexts } from './kubeconfig-texts.ts'
import type { WantedEntry } from './plan-update.ts'
import { fieldsOf } from './writable.ts'

/** A cluster: where its API server is, and whom to trust. */
interface ClusterAddress {
  readonly server: string
  /** Certificates in PEM; undefined to leave them as they are. */
  readonly certificateAuthority: string | undefined
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false
}

/** The certificates of a PEM text, in a form that does not depend on its lines. */
function certificatesOf(pem: string): string {
  return pemBlocks(pem, ['CERTIFICATE']).join().replaceAll(/\s/g, '')
}

function decoded(data: unknown): string {
  return Buffer.from(typeof data === 'string' ? data : '', 'base64').toString('utf8')
}

/** The fields of a cluster that another address would replace. */
function lostFields(present: unknown, { server, certificateAuthority }: ClusterAddress): readonly string[] {
  const data = property(present, 'certificate-authority-data')
  const lost = {
    server: isFilled(property(present, 'server')) && property(present, 'server') !== server,
    'certificate-authority-data':
      isFilled(data) && certificatesOf(decoded(data)) !== certificatesOf(certificateAuthority ?? ''),
    'certificate-authority': isFilled(property(present, 'certificate-authority')),
    'insecure-skip-tls-verify': isFilled(property(present, 'insecure-skip-tls-verify')),
  }
  const names = certificateAuthority === undefined ? ['server'] : Object.keys(lost)
  return names.filter((name) => property(lost, name) === true)
}

/** The cluster with that address. Its other fields stay, unless it has another address now. */
export function clusterEntry(kubeconfig: KubeconfigTexts, name: string, address: ClusterAddress): WantedEntry {
  const { server, certificateAuthority } = address
  const present = findEntry(kubeconfig, 'clusters', name)?.value
  const lost = lostFields(present, address)
  const kept = lost.length > 0 ? {} : fieldsOf(present)
  const data = 'certificate-authority-data'
  const isKept = certificateAuthority === undefined || isFilled(kept[data])
  const value: Writable = {
    ...kept,
    server,
    ...(isKept ? {} : { [data]: Buffer.from(certificateAuthority).toString('base64') }),
  }
  return { list: 'clusters', name, value, loss: lost.length > 0 ? `has another ${lost.join(', ')}` : '' }
}

/** The user and the cluster of a context. */
interface ContextParts {
  readonly user: string
  /** Undefined to keep the one that the context has. */
  readonly cluster: string | undefined
  /** The cluster that this update writes, which is not in the files yet. */
  readonly newCluster: string | undefined
}

/**
 * The context with that user and cluster. Its other fields stay.
 *
 * @throws {AuthenticatorError} `invalid_kubeconfig`: the kubeconfig does not have the cluster, or the context has none.
 */
export function contextEntry(kubeconfig: KubeconfigTexts, name: string, parts: ContextParts): WantedEntry {
  const { user, newCluster } = parts
  const present = findEntry(kubeconfig, 'contexts', name)?.value
  const [presentCluster, presentUser] = [textAt(present, 'cluster') ?? '', textAt(present, 'user') ?? '']
  const cluster = parts.cluster ?? presentCluster
  const names = entryNames(kubeconfig, 'clusters')
  const has = names.join(', ') || 'none'
  if (cluster === '') {
    throw new AuthenticatorError(
      'invalid_kubeconfig',
      `no such context "${name}": to make it, name a cluster of the kubeconfig with --cluster (it has ${has}), or ` +
        'give the address of one with --server and --certificate-authority',
    )
  }
  if (cluster !== newCluster && !names.includes(cluster)) {
    const hint = didYouMean(cluster, names) || `: the kubeconfig has ${has}`
    throw new AuthenticatorError('invalid_kubeconfig', `no such cluster "${cluster}"${hint}`)
  }
  const losses = [
    ...(presentUser !== '' && presentUser !== user ? [`user "${presentUser}"`] : []),
    ...(presentCluster !== '' && presentCluster !== cluster ? [`cluster "${presentCluster}"`] : []),
  ]
  const value = { ...fieldsOf(present), cluster, user }
  return { list: 'contexts', name, value, loss: losses.length > 0 ? `has ${losses.join(' and ')}` : '' }
}
