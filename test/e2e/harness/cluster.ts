import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { FakeKubernetes, type Account, type RecordedRequest } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { temporaryFolder } from './command.ts'

export const clusterTls: ReturnType<typeof selfSignedPair> = selfSignedPair('kube-apiserver')

const USERNAME = 'system:serviceaccount:kube-system:aws-iam-authenticator'
const CONFIG_MAPS = '/api/v1/namespaces/kube-system/configmaps'
const MOST_REQUESTS_PER_SECOND = 10

/** The server's account in a cluster, with exactly the documented rights. */
export function serviceAccount(token: string): Account {
  return {
    username: USERNAME,
    token,
    allow: [
      { verbs: ['get'], resources: ['configmaps'], resourceNames: ['aws-auth'], namespace: 'kube-system' },
      { verbs: ['list', 'watch'], resources: ['configmaps'], namespace: 'kube-system' },
    ],
  }
}

/** A Kubernetes API with a kubeconfig for the server's account in it. */
export interface Cluster {
  readonly api: FakeKubernetes
  readonly kubeconfig: string
  /** The current token of the kubeconfig. */
  readonly token: string
  /** Replaces the token that the API accepts. */
  revokeToken(): void
  /** Writes the token that the API accepts to the kubeconfig's `tokenFile`. */
  refreshTokenFile(): void
}

/** @param beforeRequest See FakeKubernetes. */
export async function startCluster(
  t: { teardown(action: () => unknown): void },
  beforeRequest?: (request: RecordedRequest, api: FakeKubernetes) => void,
): Promise<Cluster> {
  const folder = temporaryFolder(t)
  let token: string = randomUUID()
  const api: FakeKubernetes = await FakeKubernetes.start({
    tls: clusterTls,
    accounts: [serviceAccount(token)],
    beforeRequest: (request) => beforeRequest?.(request, api),
  })
  t.teardown(() => api.close())
  const kubeconfig = join(folder, 'config')
  const tokenFile = join(folder, 'token')
  const refreshTokenFile = (): void => writeFileSync(tokenFile, token, { mode: 0o600 })
  refreshTokenFile()
  await writeKubeconfig(kubeconfig, {
    server: api.url,
    certificateAuthority: clusterTls.cert,
    user: { tokenFile },
  })
  return {
    api,
    kubeconfig,
    get token() {
      return token
    },
    revokeToken: () => {
      token = randomUUID()
      api.rotateToken(USERNAME, token)
    },
    refreshTokenFile,
  }
}

/** The largest number of these instants, in milliseconds, within one second. */
export function mostInOneSecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((end) => times.filter((time) => time <= end && time > end - 1000).length))
}

/** Asserts that the server requested only aws-auth, with the granted verbs, and at a low rate. */
export function checkRequests(t: Test, { requests }: FakeKubernetes): void {
  const most = mostInOneSecond(requests.map(({ timeMs }) => timeMs))
  t.ok(most <= MOST_REQUESTS_PER_SECOND, `${requests.length} requests, at most ${most} of them within a second`)
  for (const { method, path, query, authorization, userAgent } of requests) {
    const asked = `${method} ${path} ${query.get('fieldSelector') ?? ''}`
    if (asked !== `GET ${CONFIG_MAPS} metadata.name=aws-auth`) t.fail(`asked for ${asked}`)
    if (!authorization) t.fail('a request without authorization')
    if (userAgent?.startsWith('aws-iam-authenticator/') !== true) t.fail(`a request from ${userAgent ?? 'nobody'}`)
  }
}
