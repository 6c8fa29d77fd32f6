import { readYamlValue } from '@aws-iam-authenticator/core/document/read-yaml'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import { fromPersonalKubeconfig } from '@aws-iam-authenticator/kubernetes/kubeconfig/exec-credential-process'
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
 * Reads the ARNs of the roles in aws-auth, for shell completion. Runs the exec plugin of the kubeconfig, as the completion of kubectl does, but
 * without a terminal, so that it can't prompt. On Windows, where it would open a window, none are returned.
 *
 * @throws {Error} The kubeconfig or aws-auth can't be read, or the plugin fails.
 */
export async function readMappedRoles(options: MappedRolesOptions): Promise<readonly string[]> {
  const { environment, kubeconfig, context, timeoutMs } = options
  const paths = kubeconfigFiles(kubeconfig, environment)
  const choice = { master: null, context }
  if (process.platform === 'win32' && (await readKubeconfig(paths, choice)).exec !== undefined) return []
  const surroundings = { environment, hasTerminal: false, unattendedMs: (timeoutMs * 3) / 4 }
  const { logIn } = await fromPersonalKubeconfig(paths, choice, surroundings)
  const api = await connectToCluster(await logIn(), environment)
  try {
    const text = textAt(await readAwsAuth(api, timeoutMs), 'mapRoles') ?? ''
    if (text.length > MAX_LENGTH) return []
    const entries = readYamlValue(text, { prettyErrors: false })
    return [entries].flat().flatMap((entry) => textAt(entry, 'rolearn') ?? [])
  } finally {
    await api.close()
  }
}
