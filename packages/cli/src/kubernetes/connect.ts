import type { KubernetesApi, KubernetesCluster } from '@aws-iam-authenticator/server'
import { connectWith } from '../network/dispatcher.ts'
import type { Environment } from '@aws-iam-authenticator/client'
import { readTrustedCertificates } from '../network/trust.ts'
import { USER_AGENT } from '../version.ts'

/** Connects a person's command to an API server, by the proxies of the environment. */
export async function connectToCluster(cluster: KubernetesCluster, environment: Environment): Promise<KubernetesApi> {
  const { createKubernetesApi } = await import('@aws-iam-authenticator/server')
  // As kubectl: a kubeconfig without a CA trusts what the machine trusts. AWS_CA_BUNDLE is for AWS.
  const ca = cluster.tls.ca ?? (await readTrustedCertificates({ environment: { ...environment, AWS_CA_BUNDLE: '' } }))
  return createKubernetesApi(cluster, (tls) => connectWith(environment, { ...tls, ca }), USER_AGENT)
}
