import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import { read, readObject, type Reading } from './reading.ts'

const CONFIG_MAP = '/api/v1/namespaces/kube-system/configmaps/aws-iam-authenticator'
const DAEMON_SET = '/apis/apps/v1/namespaces/kube-system/daemonsets/aws-iam-authenticator'
const FILE = 'config.yaml'

/** The settings of the authenticator's server in a cluster. A value is undefined if the cluster does not have it. */
export interface OwnServer {
  /** The text of its configuration file. */
  readonly configuration: Reading<string | undefined>
  /** The arguments after `server`. */
  readonly args: Reading<readonly string[] | undefined>
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const found = property(value, name)
  return Array.isArray(found) ? found : []
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** The arguments of the first container that runs `server`. */
function serverArgs(daemonSet: unknown): readonly string[] | undefined {
  const podSpec = ['spec', 'template', 'spec'].reduce(property, daemonSet)
  for (const container of listAt(podSpec, 'containers')) {
    const words = [...listAt(container, 'command'), ...listAt(container, 'args')].filter(isText)
    const at = words.indexOf('server')
    if (at >= 0) return words.slice(at + 1)
  }
  return undefined
}

/** Reads the settings of the authenticator's server from the ConfigMap and DaemonSet `kube-system/aws-iam-authenticator`. */
export async function readOwnServer(api: KubernetesApi, userName: string): Promise<OwnServer> {
  const [configuration, args] = await Promise.all([
    read(userName, async () => textAt(await readObject(api, CONFIG_MAP), 'data', FILE)),
    read(userName, async () => serverArgs(await readObject(api, DAEMON_SET))),
  ])
  return { configuration, args }
}
