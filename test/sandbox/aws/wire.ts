/** One HTTP request as the services receive it, from any transport. */
export interface WireRequest {
  readonly method: string
  /** The Host header as sent, because it is signed. `routes` compare it without its port. */
  readonly host: string
  /** The percent-encoded path. */
  readonly path: string
  /** The percent-encoded text after `?`; empty without one. */
  readonly query: string
  /** Names in lower case. The values of a repeated header are joined by commas. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** Aborted if the client disconnects before the answer. */
  readonly signal: AbortSignal
}

/** An HTTP answer. A body in chunks is sent as the client reads. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Iterable<Uint8Array>
}

/** `reset`: the connection ends without an answer. */
export type Reply = Answer | 'reset'

/** A service, or several under one address. */
export type Handler = (request: WireRequest) => Promise<Reply>

/** The service for a host. */
export interface Route {
  /** @param host - lower case, without a port */
  matches(host: string): boolean
  readonly handle: Handler
}

/** Sends each request to the first route for its host. Without one, the answer is 404. */
export function dispatchByHost(routes: readonly Route[]): Handler {
  return async (request) => {
    const host = hostName(request.host)
    const route = routes.find((candidate) => candidate.matches(host))
    return route === undefined ? NO_SUCH_HOST : await route.handle(request)
  }
}

/** The name in a Host header: lower case, without the port. */
export function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}

const NO_SUCH_HOST: Answer = {
  status: 404,
  headers: { 'content-type': 'text/plain' },
  body: 'the sandbox has no such host\n',
}
