import type { Dispatcher } from 'undici'
import { readJson } from './read-json.ts'

/** The address, trust and credentials of a Kubernetes API server. */
export interface KubernetesCluster {
  /** Its URL, with a path if it has one, such as `https://10.0.0.1:443`. */
  readonly server: string
  readonly tls: KubernetesTls
  /** Returns the current value of the authorization header; null if the client certificate is the identity. */
  readonly authorization: () => Promise<string | null>
}

/** TLS options for the API server. Certificates and keys are PEM. */
export interface KubernetesTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** Creates the dispatcher for an API server. The caller decides on trust and proxies. */
export type ConnectKubernetes = (tls: KubernetesTls) => Dispatcher

/** A write to the Kubernetes API. */
export interface KubernetesWrite {
  readonly method: 'POST' | 'PUT' | 'PATCH'
  readonly path: string
  /** Sent as JSON. A patch is a JSON merge patch (RFC 7396). */
  readonly body: unknown
}

/** Requests of the Kubernetes API. */
export interface KubernetesApi {
  get(
    path: string,
    query: Readonly<Record<string, string>>,
    options: { readonly signal: AbortSignal; readonly bodyTimeoutMs: number },
  ): Promise<Dispatcher.ResponseData>
  /** Returns the HTTP status and the answer; the answer is null if it is not JSON. */
  write(request: KubernetesWrite, signal: AbortSignal): Promise<{ readonly status: number; readonly answer: unknown }>
  close(): Promise<void>
}

const HEADERS_TIMEOUT_MS = 10_000
const WRITE_BODY_TIMEOUT_MS = 10_000

/** Creates a client of one API server. */
export function createKubernetesApi(
  cluster: KubernetesCluster,
  connect: ConnectKubernetes,
  userAgent: string,
): KubernetesApi {
  const dispatcher = connect(cluster.tls)
  const base = new URL(cluster.server)
  const root = base.pathname.replace(/\/$/, '')
  const headers = async (): Promise<Record<string, string>> => {
    const authorization = await cluster.authorization()
    return {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(authorization === null ? {} : { authorization }),
    }
  }
  return {
    get: async (path, query, { signal, bodyTimeoutMs }) =>
      dispatcher.request({
        origin: base.origin,
        path: `${root}${path}?${new URLSearchParams(query).toString()}`,
        method: 'GET',
        headers: await headers(),
        signal,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: bodyTimeoutMs,
      }),
    write: async ({ method, path, body }, signal) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const answer = await dispatcher.request({
        origin: base.origin,
        path: `${root}${path}`,
        method,
        headers: { ...(await headers()), 'content-type': type },
        body: JSON.stringify(body),
        signal,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: WRITE_BODY_TIMEOUT_MS,
      })
      return { status: answer.statusCode, answer: await readJson(answer.body) }
    },
    close: () => dispatcher.destroy(),
  }
}
