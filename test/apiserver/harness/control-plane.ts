import { join } from 'node:path'
import type { Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { startApiServer, type ApiServer, type ApiServerOptions } from './api-server.ts'
import { startGovCloud } from './govcloud.ts'
import { ROOT, startNode, type Node } from './node.ts'
import { startPod, type Pod } from './pod.ts'

const KUBECONFIG = '/srv/kubernetes/aws-iam-authenticator/kubeconfig.yaml'

export const MANIFESTS: string = join(ROOT, 'deploy/manifests')

/** A control-plane node of kops: its user data has run, its API server calls the webhook, the DaemonSet's server answers. */
export interface ControlPlane {
  readonly aws: SandboxAws
  readonly node: Node
  readonly api: ApiServer
  readonly pod: Pod
}

export interface ControlPlaneOptions {
  /** A folder of deploy/manifests/overlays. */
  readonly overlay: string
  /** The roles of the account that the developer may assume. */
  readonly roles: readonly string[]
  readonly version?: NonNullable<ApiServerOptions['version']>
}

/** Prepares a node and its cluster in the order of the guide: user data, API server, manifests, server. */
export async function startControlPlane(t: Test, options: ControlPlaneOptions): Promise<ControlPlane> {
  const { overlay, roles, version = 'v1beta1' } = options
  const aws = await startGovCloud(t, roles)
  const node = await startNode(t)
  const prepared = await node.runUserData()
  if (prepared.code !== 0) throw new Error(`the user data failed: ${prepared.stdout}${prepared.stderr}`)
  const api = await startApiServer(t, { webhookKubeconfig: node.path(KUBECONFIG), version })
  await api.admin(['apply', '-k', join(MANIFESTS, 'overlays', overlay), '--validate=strict'])
  const pod = await startPod(t, { api, node, aws })
  return { aws, node, api, pod }
}
