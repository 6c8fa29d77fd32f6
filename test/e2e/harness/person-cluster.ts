import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import {
  allowAll,
  FakeKubernetes,
  type FakeKubernetesOptions,
  type RecordedRequest,
} from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { writeKubeconfig, type KubeconfigUser } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { clusterTls } from './cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './command.ts'

/** The data of a ConfigMap. */
export type Data = Readonly<Record<string, string>>

/** A cluster whose administrator runs the command. */
export interface PersonCluster {
  readonly api: FakeKubernetes
  readonly folder: string
  /** The bearer token of the administrator. */
  readonly token: string
  /** A kubeconfig that has the token. */
  readonly kubeconfig: string
  /** Writes another kubeconfig and gives its path. */
  writeKubeconfig(name: string, user: KubeconfigUser): Promise<string>
  run(
    args: readonly string[],
    options?: { readonly input?: string; readonly environment?: Environment },
  ): Promise<Finished>
  /** The data of aws-auth; undefined if it does not exist. */
  data(): unknown
  /** The write requests. */
  writes(): readonly RecordedRequest[]
}

export async function startPersonCluster(
  t: { teardown(action: () => unknown): void },
  data: Data | null,
  more: Partial<FakeKubernetesOptions> = {},
): Promise<PersonCluster> {
  const folder = temporaryFolder(t)
  const token = randomUUID()
  const accounts = [{ username: 'admin', token, allow: allowAll }]
  const api = await FakeKubernetes.start({ tls: clusterTls, accounts, ...more })
  t.teardown(() => api.close())
  if (data !== null) api.putConfigMap('kube-system', 'aws-auth', data)
  const write: PersonCluster['writeKubeconfig'] = async (name, user) => {
    const path = join(folder, name)
    await writeKubeconfig(path, { server: api.url, certificateAuthority: clusterTls.cert, user })
    return path
  }
  return {
    api,
    folder,
    token,
    kubeconfig: await write('config', { token }),
    writeKubeconfig: write,
    run: (args, { input = '', environment = {} } = {}) =>
      runCommand(args, { cwd: folder, input, environment: { ...minimalEnvironment(folder), ...environment } }),
    data: () => api.getConfigMap('kube-system', 'aws-auth')?.['data'],
    writes: () => api.requests.filter(({ method }) => method !== 'GET'),
  }
}
