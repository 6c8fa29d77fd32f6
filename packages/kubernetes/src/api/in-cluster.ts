import { ConfigurationError, FileError } from '@aws-iam-authenticator/core/errors/errors'
import { backendsWithKey } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { KubernetesCluster } from './connection.ts'

/** The folder where the kubelet mounts the service account of a pod. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

async function read(path: string): Promise<string> {
  try {
    return await readRegularFile(path)
  } catch (error) {
    throw new FileError('file_unreadable', `can't read ${path} of the service account: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/**
 * Finds the API server of the cluster that this pod runs in. Each request reads the token again, because the kubelet rotates
 * it.
 *
 * @throws {ConfigurationError} This process doesn't run in a pod.
 * @throws {FileError} The certificate of the API server can't be read.
 * @see {@link https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ | Accessing the Kubernetes API from a pod}
 */
export async function inCluster(environment: Environment): Promise<KubernetesCluster> {
  const host = environment['KUBERNETES_SERVICE_HOST']
  const port = environment['KUBERNETES_SERVICE_PORT']
  if (host === undefined || host === '' || port === undefined || port === '') {
    throw new ConfigurationError(
      'this is not a pod of a cluster (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set): ' +
        `name a kubeconfig with --kubeconfig, or leave ${backendsWithKey('kubeconfig').join(' and ')} out of --backend-mode`,
    )
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: { ca: await read(`${SERVICE_ACCOUNT}/ca.crt`) },
    authorization: async () => `Bearer ${(await read(`${SERVICE_ACCOUNT}/token`)).trim()}`,
  }
}
