import type { KubernetesApi, KubernetesCluster } from '@aws-iam-authenticator/kubernetes/api/connection'
import { connectWith } from '@aws-iam-authenticator/network/connect/dispatcher'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { readTrustedCertificates } from '@aws-iam-authenticator/network/connect/trust'
import { USER_AGENT } from '../release/version.ts'

/** Connects to an API server on behalf of a user, through the proxies of the environment. */
export async function connectToCluster(cluster: KubernetesCluster, environment: Environment): Promise<KubernetesApi> {
  const { createKubernetesApi } = await import('@aws-iam-authenticator/kubernetes/api/connection')
  // Like kubectl, trust the CAs of the machine if the kubeconfig names none. AWS_CA_BUNDLE is for AWS only.
  const ca = cluster.tls.ca ?? (await readTrustedCertificates({ environment: { ...environment, AWS_CA_BUNDLE: '' } }))
  return createKubernetesApi(cluster, (tls) => connectWith(environment, { ...tls, ca }), USER_AGENT)
}
