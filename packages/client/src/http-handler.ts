import { AuthenticatorError } from '@aws-iam-authenticator/core'
import type { HttpHandler } from '@smithy/core/protocols'
import type { Dispatcher } from 'undici'
import { connectionError } from './connection-error.ts'
import { percentEncode } from './percent-encode.ts'

// A person is waiting, and kubectl with them.
const TIMEOUT_MS = 10_000
const MAX_BODY_LENGTH = 1024 * 1024

type Handle = HttpHandler['handle']
type HttpRequest = Parameters<Handle>[0]
type HttpAnswer = Awaited<ReturnType<Handle>>

/** The way to AWS for the SDK's clients. */
export interface AwsHttpHandler extends HttpHandler {
  /**
   * Why the last request got no answer; undefined where it got one. The SDK's providers wrap or swallow what a
   * connection died of, and it is what a person needs to know.
   */
  readonly failure: AuthenticatorError | undefined
  /**
   * How far AWS's clock is ahead of this machine's, in milliseconds, by the last answer that came over TLS; 0 where none
   * did. It is right to a second or so.
   */
  readonly clockOffset: number
  /** Closes the connections. */
  close(): Promise<void>
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > MAX_BODY_LENGTH) throw new Error(`the answer is longer than ${MAX_BODY_LENGTH} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function joinValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

function queryString(query: NonNullable<HttpRequest['query']>): string {
  const parameters = Object.entries(query).flatMap(([name, values]) => {
    return [values ?? ''].flat().map((value) => `${percentEncode(name)}=${percentEncode(value)}`)
  })
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`
}

/** The offset by the Date header, which has whole seconds, of an answer that was asked for and came at these times. */
function offsetOf(date: string | undefined, asked: number, came: number): number | undefined {
  const time = Date.parse(date ?? '')
  return Number.isNaN(time) ? undefined : time + 500 - (asked + came) / 2
}

/** Sends one request of the SDK's by an undici dispatcher and collects its answer. */
async function send(dispatcher: Dispatcher, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { protocol, hostname, port, method, headers } = request
  const body: unknown = request.body
  // undici would take an explicit host header for the TLS server name too; without one it makes both from the origin.
  const { host: _, ...rest } = headers
  const answer = await dispatcher.request({
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: `${request.path}${queryString(request.query ?? {})}`,
    method: method === 'GET' ? 'GET' : 'POST',
    headers: rest,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : null,
    signal,
  })
  return {
    response: {
      statusCode: answer.statusCode,
      headers: joinValues(answer.headers),
      body: await collect(answer.body),
    },
  }
}

/**
 * Makes an HTTP handler for the SDK's clients that goes through our dispatcher, and so by our trust and proxies.
 *
 * @param createDispatcher Called once, when there is something to send.
 * @param now Default: this machine's clock.
 */
export function createHttpHandler(
  createDispatcher: () => Promise<Dispatcher>,
  now: () => Date = () => new Date(),
): AwsHttpHandler {
  let dispatcher: Promise<Dispatcher> | undefined
  let clockOffset = 0
  let failure: AuthenticatorError | undefined
  return {
    get failure() {
      return failure
    },
    get clockOffset() {
      return clockOffset
    },
    async handle(request, { abortSignal } = {}) {
      const timeout = new AbortController()
      const timer = setTimeout(() => {
        timeout.abort(new Error(`no answer within ${TIMEOUT_MS / 1000} s`))
      }, TIMEOUT_MS)
      const signals = abortSignal instanceof AbortSignal ? [timeout.signal, abortSignal] : [timeout.signal]
      try {
        dispatcher ??= createDispatcher()
        const opened = await dispatcher
        const asked = now().getTime()
        const answer = await send(opened, request, AbortSignal.any(signals))
        failure = undefined
        if (request.protocol === 'https:') {
          clockOffset = offsetOf(answer.response.headers['date'], asked, now().getTime()) ?? clockOffset
        }
        return answer
      } catch (error) {
        failure = error instanceof AuthenticatorError ? error : connectionError(request.hostname, error)
        throw failure
      } finally {
        clearTimeout(timer)
      }
    },
    updateHttpClientConfig() {
      // Its settings are the dispatcher's.
    },
    httpHandlerConfigs: () => ({}),
    async close() {
      const opened = await dispatcher?.catch(() => undefined)
      await opened?.destroy()
    },
  }
}
