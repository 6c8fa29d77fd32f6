/** One HTTP request as the services see it, whichever way it came. */
export interface WireRequest {
  readonly method: string
  /** The Host header as it was sent, for it is signed so; `routes` compare it without its port. */
  readonly host: string
  /** The path, still percent-encoded. */
  readonly path: string
  /** What follows the `?`, still percent-encoded; empty without one. */
  readonly query: string
  /** Names in lower case; the values of a header sent more than once are joined by commas. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** Aborted when the client goes away before it was answered. */
  readonly signal: AbortSignal
}

/** An HTTP answer; a body in pieces is sent as the client takes them. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Iterable<Uint8Array>
}

/** `reset`: the connection ends without an answer. */
export type Reply = Answer | 'reset'

/** A service, or several behind one door. */
export type Handler = (request: WireRequest) => Promise<Reply>

/** Which service answers for a host. */
export interface Route {
  /** @param host - lower case, without a port */
  matches(host: string): boolean
  readonly handle: Handler
}

/** Gives each request to the first route for its host; where there is none, the answer is 404. */
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
