import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesCluster, KubernetesTls } from '../api/connection.ts'
import { currentContext, entryNamed, namesOf, readBeside, readKubeconfigFiles, type Entry } from './kubeconfig-files.ts'

/** Selects a part of a kubeconfig. */
export interface KubeconfigChoice {
  /** Replaces the URL of the cluster. */
  readonly master: string | null
  /** Default: the kubeconfig's current-context. */
  readonly context?: string | null
}

/** The settings of one context of a kubeconfig. */
export interface Kubeconfig extends KubernetesCluster {
  readonly contextName: string
  readonly userName: string
  /** The exec plugin of the user as it is in the file; undefined if the user has none. */
  readonly exec: unknown
  /** The file that has the user. Paths of the user are relative to its folder. */
  readonly userPath: string
  /** The entry of the cluster as it is in the file. */
  readonly cluster: unknown
}

function invalid({ path }: Entry, message: string): FileError {
  return new FileError('file_invalid', `kubeconfig ${path}: ${message}`)
}

/** A PEM value: in the kubeconfig as base64, or in a file of its own. */
async function pem({ value, path }: Entry, name: string): Promise<string | undefined> {
  const data = textAt(value, `${name}-data`)
  const file = textAt(value, name)
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  return file === undefined ? undefined : readBeside(path, file)
}

/**
 * Reads the API server that the authenticator's server uses from a kubeconfig.
 *
 * @throws {FileError} As `readKubeconfig`, or the user has an exec plugin, which only users can run.
 */
export async function fromKubeconfig(path: string, master: string | null): Promise<KubernetesCluster> {
  const kubeconfig = await readKubeconfig([path], { master })
  if (kubeconfig.exec === undefined) return kubeconfig
  throw new FileError(
    'file_invalid',
    `kubeconfig ${path}: a user with exec can't be used by the server: give it a token, tokenFile or client certificate`,
  )
}

/** Says why a kubeconfig leads to no API server, and what to do. */
function describeNoServer(contextName: string | undefined, names: readonly string[]): string {
  if (contextName !== undefined) return `its context "${contextName}" leads to no cluster with a server`
  if (names.length === 0) return 'it has no context: ask for the kubeconfig of your cluster'
  return `it has no current-context: run "kubectl config use-context NAME" with one of ${names.join(', ')}`
}

/**
 * Reads one context of a kubeconfig.
 *
 * @param paths The files that form the kubeconfig. Earlier files take precedence.
 * @throws {FileError} A file, or one that it refers to, can't be read or is incomplete.
 * @see {@link https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ | kubeconfig (v1)}
 */
export async function readKubeconfig(paths: readonly string[], choice: KubeconfigChoice): Promise<Kubeconfig> {
  const files = await readKubeconfigFiles(paths)
  const contextName = choice.context ?? currentContext(files)
  const context = entryNamed(files, 'contexts', 'context', contextName)
  const cluster = entryNamed(files, 'clusters', 'cluster', textAt(context.value, 'cluster'))
  const userName = textAt(context.value, 'user')
  const user = entryNamed(files, 'users', 'user', userName)
  if (typeof choice.context === 'string' && context.value === undefined) {
    const names = namesOf(files, 'contexts')
    const hint = didYouMean(choice.context, names) || `: it has ${names.join(', ') || 'none'}`
    throw invalid(context, `it has no context "${choice.context}"${hint}`)
  }
  const server = choice.master ?? textAt(cluster.value, 'server')
  if (server === undefined) throw invalid(cluster, describeNoServer(contextName, namesOf(files, 'contexts')))
  if (!URL.canParse(server)) throw invalid(cluster, `the server "${server}" is not a URL`)
  if (property(user.value, 'auth-provider') !== undefined) {
    throw invalid(
      user,
      `a user with auth-provider can't be used: give it exec, a token, tokenFile or client certificate`,
    )
  }

  const ca = await pem(cluster, 'certificate-authority')
  const cert = await pem(user, 'client-certificate')
  const key = await pem(user, 'client-key')
  const servername = textAt(cluster.value, 'tls-server-name')
  const tls: KubernetesTls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(property(cluster.value, 'insecure-skip-tls-verify') === true ? { rejectUnauthorized: false } : {}),
  }

  const token = textAt(user.value, 'token')
  const tokenFile = textAt(user.value, 'tokenFile')
  const username = textAt(user.value, 'username')
  const authorization = async (): Promise<string | null> => {
    if (tokenFile !== undefined) return `Bearer ${(await readBeside(user.path, tokenFile)).trim()}`
    if (token !== undefined) return `Bearer ${token}`
    if (username === undefined) return null
    return `Basic ${Buffer.from(`${username}:${textAt(user.value, 'password') ?? ''}`).toString('base64')}`
  }
  const exec = property(user.value, 'exec')
  return {
    contextName: contextName ?? '',
    userName: userName ?? '',
    server,
    tls,
    authorization,
    exec,
    userPath: user.path,
    cluster: cluster.value,
  }
}
