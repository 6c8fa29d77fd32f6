import { once } from 'node:events'
import { AwsError } from './aws-error.ts'
import { failure } from './query-protocol.ts'
import { hostName, type Reply, type WireRequest } from './wire.ts'

/**
 * Faults of a service.
 *
 * - `throttle`, `throttle503`: an error with the code Throttling, status 400 or 503
 * - `error500`: an error with the code InternalFailure
 * - `hang`: no answer while the client waits
 * - `reset`, `resetOnce`: the connection ends without an answer, each time or once
 * - `rubbish`: 200 with an HTML page
 * - `redirect`: 302 to a host that returns {@link IMPOSTOR} to every client that follows
 * - `huge`: 200 with 50 MiB of JSON that names {@link IMPOSTOR} at its end
 * - `wrongShape`: 200 with JSON whose fields have another type
 */
export type Fault =
  | 'throttle'
  | 'throttle503'
  | 'error500'
  | 'hang'
  | 'reset'
  | 'resetOnce'
  | 'rubbish'
  | 'redirect'
  | 'huge'
  | 'wrongShape'

/** The active faults. They can be changed during requests. */
export interface Faults {
  /** @param host - lower case; without it, all hosts */
  set(fault: Fault, host?: string): void
  /** @param host - the host to heal; without it, all */
  clear(host?: string): void
  /** The reply of the active fault for this request; undefined without one. A host's own fault takes precedence. */
  strike(request: WireRequest): Promise<Reply | undefined>
}

/** The target of `redirect`. */
export const REDIRECT_HOST: string = 'redirected.amazonaws.com'

/** An identity that no one has. A client that reports it accepted an answer that it should reject. */
export const IMPOSTOR = {
  Account: '666666666666',
  Arn: 'arn:aws:iam::666666666666:user/impostor',
  UserId: 'AIDAIMPOSTORIMPOSTOR',
} as const

/** The answer of {@link REDIRECT_HOST} to everyone, signed or not. */
export function impostorAnswer(): Reply {
  return json(IMPOSTOR_TEXT)
}

/** Creates a switchboard with all faults off. */
export function createFaults(): Faults {
  const everywhere = '*'
  const active = new Map<string, Fault>()
  return {
    set(fault, host = everywhere) {
      active.set(host, fault)
    },
    clear(host) {
      if (host === undefined) active.clear()
      else active.delete(host)
    },
    async strike(request) {
      const key = [hostName(request.host), everywhere].find((candidate) => active.has(candidate))
      const fault = key === undefined ? undefined : active.get(key)
      if (key === undefined || fault === undefined) return undefined
      if (fault === 'resetOnce') active.delete(key)
      return await REPLIES[fault](request)
    },
  }
}

const IMPOSTOR_TEXT = JSON.stringify({
  GetCallerIdentityResponse: { GetCallerIdentityResult: IMPOSTOR, ResponseMetadata: { RequestId: 'impostor' } },
})

const WRONG_SHAPE = { Account: 666666666666, Arn: [IMPOSTOR.Arn], UserId: { toString: IMPOSTOR.UserId } }

/** Valid JSON: a reader without a limit finds the impostor after the spaces. */
function* hugeBody(): Iterable<Uint8Array> {
  const mebibyte = Buffer.alloc(1024 * 1024, ' ')
  for (let sent = 0; sent < 50; sent++) yield mebibyte
  yield Buffer.from(IMPOSTOR_TEXT)
}

function json(body: string | Iterable<Uint8Array>): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

async function hang({ signal }: WireRequest): Promise<Reply> {
  if (!signal.aborted) await once(signal, 'abort')
  return 'reset'
}

const REPLIES: Readonly<Record<Fault, (request: WireRequest) => Reply | Promise<Reply>>> = {
  throttle: (request) => failure(request, new AwsError('Throttling', 'Rate exceeded')),
  throttle503: (request) => failure(request, new AwsError('Throttling', 'Rate exceeded', 503)),
  error500: (request) => failure(request, new AwsError('InternalFailure', 'An internal error has occurred')),
  hang,
  reset: () => 'reset',
  resetOnce: () => 'reset',
  rubbish: () => ({
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Sign in</body></html>\n',
  }),
  redirect: ({ path, query }) => ({
    status: 302,
    headers: { location: `https://${REDIRECT_HOST}${path}?${query}` },
    body: '',
  }),
  huge: () => json(hugeBody()),
  wrongShape: () => json(JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: WRONG_SHAPE } })),
}
