import { readYamlValue } from '@aws-iam-authenticator/core/document/read-yaml'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import { kubeconfigFiles } from '@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change'
import { readKubeconfig } from '@aws-iam-authenticator/kubernetes/kubeconfig/kubeconfig'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { connectToCluster } from './connect.ts'
import { readAwsAuth } from './read-cluster.ts'

const MAX_LENGTH = 128 * 1024

interface MappedRolesOptions {
  readonly environment: Environment
  readonly kubeconfig: string | null
  readonly context: string | null
  readonly timeoutMs: number
}

/**
 * Reads the ARNs of the roles in aws-auth. Returns none if the user of the kubeconfig has an exec plugin, which could prompt.
 *
 * @throws {Error} The kubeconfig or aws-auth can't be read.
 */
export async function readMappedRoles(options: MappedRolesOptions): Promise<readonly string[]> {
  const { environment, kubeconfig, context, timeoutMs } = options
  const cluster = await readKubeconfig(kubeconfigFiles(kubeconfig, environment), { master: null, context })
  if (cluster.exec !== undefined) return []
  const api = await connectToCluster(cluster, environment)
  try {
    const text = textAt(await readAwsAuth(api, timeoutMs), 'mapRoles') ?? ''
    if (text.length > MAX_LENGTH) return []
    const entries = readYamlValue(text, { prettyErrors: false })
    return [entries].flat().flatMap((entry) => textAt(entry, 'rolearn') ?? [])
  } finally {
    await api.close()
  }
}
