import type { Dispatcher } from 'undici'

/** How to reach and to trust a Kubernetes API server. */
export interface KubernetesCluster {
  /** Its URL, with a path where it is behind one, such as `https://10.0.0.1:443`. */
  readonly server: string
  readonly tls: KubernetesTls
  /** The value of the authorization header at this moment; null where the client certificate says who we are. */
  readonly authorization: () => Promise<string | null>
}

/** What a TLS connection to the API server needs, as PEM. */
export interface KubernetesTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** Makes the connections to an API server; trust and proxies are the caller's business. */
export type ConnectKubernetes = (tls: KubernetesTls) => Dispatcher

/** A GET of the Kubernetes API. */
export interface KubernetesApi {
  get(
    path: string,
    query: Readonly<Record<string, string>>,
    options: { readonly signal: AbortSignal; readonly bodyTimeoutMs: number },
  ): Promise<Dispatcher.ResponseData>
  close(): Promise<void>
}

const HEADERS_TIMEOUT_MS = 10_000

/** A client of one API server. */
export function createKubernetesApi(
  cluster: KubernetesCluster,
  connect: ConnectKubernetes,
  userAgent: string,
): KubernetesApi {
  const dispatcher = connect(cluster.tls)
  const base = new URL(cluster.server)
  return {
    get: async (path, query, { signal, bodyTimeoutMs }) => {
      const authorization = await cluster.authorization()
      return dispatcher.request({
        origin: base.origin,
        path: `${base.pathname.replace(/\/$/, '')}${path}?${new URLSearchParams(query).toString()}`,
        method: 'GET',
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...(authorization === null ? {} : { authorization }),
        },
        signal,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: bodyTimeoutMs,
      })
    },
    close: () => dispatcher.destroy(),
  }
}
