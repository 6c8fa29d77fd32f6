import { existsSync } from 'node:fs'
import { isatty } from 'node:tty'
import { isRecord, property } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { KubernetesObject } from '@aws-iam-authenticator/kubernetes/api/list-watch'
import type { CommandContext } from '../command-line/command.ts'
import { kubeconfigFiles, namedKubeconfigFiles } from '@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change'
import { UsageError } from '../command-line/usage-error.ts'
import { connectToCluster } from './connect.ts'
import { readOwnServer, type OwnServer } from './own-server.ts'
import { read, readObject, type Reading } from './reading.ts'
import { CLUSTER, KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL } from '../command-line/cluster-options.ts'

const AWS_AUTH = '/api/v1/namespaces/kube-system/configmaps/aws-auth'
const IDENTITY_MAPPINGS = '/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings'
const TIMEOUT_MS = 10_000

/** The mappings of a live cluster. */
export interface ClusterMappings {
  /** The URL of the API server. */
  readonly server: string
  /** The data of aws-auth; undefined if the cluster has no aws-auth. */
  readonly awsAuth: Reading<Readonly<Record<string, unknown>> | undefined>
  /** Undefined if the cluster does not have the resource. */
  readonly identityMappings: Reading<readonly KubernetesObject[] | undefined>
  readonly ownServer: OwnServer
}

/** Returns true if an option selects a live cluster. */
export function asksForCluster({ setting }: CommandContext): boolean {
  return setting(CLUSTER) || [KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL].some((option) => setting(option) !== null)
}

/**
 * Returns the kubeconfig files that kubectl would merge.
 *
 * @throws {UsageError} No file is named and ~/.kube/config does not exist.
 */
function kubeconfigPaths({ setting, environment }: CommandContext): readonly string[] {
  const named = namedKubeconfigFiles(setting(KUBECONFIG), environment)
  const files = kubeconfigFiles(setting(KUBECONFIG), environment)
  if (named.length > 0 || existsSync(files[0])) return files
  throw new UsageError('there is no ~/.kube/config: name a kubeconfig with --kubeconfig')
}

/**
 * Reads the data of aws-auth; undefined if the cluster has no aws-auth.
 *
 * @throws {Error} It can't be read.
 */
export async function readAwsAuth(
  api: KubernetesApi,
  timeoutMs: number = TIMEOUT_MS,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const object = await readObject(api, AWS_AUTH, timeoutMs)
  if (object === undefined) return undefined
  const data = property(object, 'data')
  return isRecord(data) ? data : {}
}

async function readIdentityMappings(api: KubernetesApi): Promise<readonly KubernetesObject[] | undefined> {
  const { listObjects, StatusError } = await import('@aws-iam-authenticator/kubernetes/api/list-watch')
  try {
    return (await listObjects(api, { path: IDENTITY_MAPPINGS }, AbortSignal.timeout(TIMEOUT_MS)))[0]
  } catch (error) {
    if (error instanceof StatusError && error.status === 404) return undefined
    throw error
  }
}

/**
 * Reads the mappings of the cluster that the options select, and the settings of its server. What can't be read has the reason in its place.
 *
 * @throws {UsageError} There is no kubeconfig.
 * @throws {AuthenticatorError} The kubeconfig can't be used.
 */
export async function readCluster(context: CommandContext): Promise<ClusterMappings> {
  const { setting, environment } = context
  const paths = kubeconfigPaths(context)
  const { fromPersonalKubeconfig } =
    await import('@aws-iam-authenticator/kubernetes/kubeconfig/exec-credential-process')
  const choice = { master: setting(MASTER_URL), context: setting(KUBECONFIG_CONTEXT) }
  const { server, userName, logIn } = await fromPersonalKubeconfig(paths, choice, {
    environment,
    hasTerminal: isatty(0),
  })
  const login = await read(userName, logIn)
  if (login.fault !== null) {
    const ownServer = { configuration: login, args: login }
    return { server, awsAuth: login, identityMappings: login, ownServer }
  }
  const api = await connectToCluster(login.value, environment)
  try {
    const [awsAuth, identityMappings, ownServer] = await Promise.all([
      read(userName, () => readAwsAuth(api)),
      read(userName, () => readIdentityMappings(api)),
      readOwnServer(api, userName),
    ])
    return { server, awsAuth, identityMappings, ownServer }
  } finally {
    await api.close()
  }
}
