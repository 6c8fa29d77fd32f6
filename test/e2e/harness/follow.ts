import { test, type Test } from 'tap'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { FakeKubernetes, RecordedRequest } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { checkRequests, startCluster, type Cluster } from './cluster.ts'
import { eventually } from './eventually.ts'
import { logIn, roleToken } from './logins.ts'
import { startTestServer, type TestServer } from './server.ts'

export interface FollowOptions {
  /** Default `EKSConfigMap`. */
  readonly backends?: string
  /** The `server` part of config.yaml. */
  readonly server?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Runs before the server starts. */
  readonly before?: (cluster: Cluster) => unknown
  /** Runs before the API handles a request. */
  readonly beforeRequest?: (request: RecordedRequest, api: FakeKubernetes) => void
}

/** A server that follows aws-auth in a cluster. */
export interface Follower {
  readonly aws: SandboxAws
  readonly cluster: Cluster
  readonly api: FakeKubernetes
  readonly server: TestServer
  /** Writes the data of aws-auth. */
  readonly put: (data: Readonly<Record<string, string>>) => void
  /** Asserts the outcome for a session of this role within the limit in milliseconds. */
  readonly becomes: (role: string, expected: string, limitMs: number, what: string) => Promise<void>
  /** Asserts the current outcome for a session of this role. */
  readonly is: (role: string, expected: string, what: string) => Promise<void>
  /** The text of the server's metrics. */
  readonly metrics: () => Promise<string>
}

/** A role's entry in aws-auth. Its username is the role's name in lower case. */
export function roleEntry(name: string, username: string = name.toLowerCase(), key = 'rolearn'): string {
  return `- ${key}: arn:aws:iam::111122223333:role/${name}\n  username: ${username}\n`
}

async function follow(t: Test, options: FollowOptions): Promise<Follower> {
  const { backends = 'EKSConfigMap', server: section = '', environment = {}, before, beforeRequest } = options
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  const cluster = await startCluster(t, beforeRequest)
  await before?.(cluster)
  const { api, kubeconfig } = cluster
  const server = await startTestServer(t, {
    aws,
    configuration: `clusterID: k8s.local\nserver:\n  kubeconfig: ${kubeconfig}\n${section}`,
    args: [`--backend-mode=${backends}`],
    environment,
  })
  const tokens = new Map<string, string>()
  const ask = (role: string): Promise<string> => {
    const token = tokens.get(role) ?? roleToken(aws, role)
    tokens.set(role, token)
    return logIn(server, token)
  }
  return {
    aws,
    cluster,
    api,
    server,
    put: (data) => void api.putConfigMap('kube-system', 'aws-auth', { ...data }),
    becomes: (role, expected, limitMs, what) => eventually(t, what, expected, limitMs, () => ask(role)),
    is: async (role, expected, what) => void t.equal(await ask(role), expected, what),
    metrics: async () => (await server.request({ path: '/metrics' })).text,
  }
}

/**
 * A test of a server that follows aws-auth. In every case the API got few and permitted requests, no token is
 * in the log, and the server stops on request.
 */
export function testFollowing(
  name: string,
  options: FollowOptions,
  body: (t: Test, follower: Follower) => Promise<void>,
): Promise<unknown> {
  return test(name, { buffered: true }, async (t) => {
    const follower = await follow(t, options)
    await body(t, follower)
    const { api, cluster, server } = follower
    checkRequests(t, api)
    t.notOk(server.output().includes(cluster.token), 'no token of the API in the log')
    await eventually(t, 'the server stops', 0, 5000, async () => (await server.stop()).code)
  })
}
