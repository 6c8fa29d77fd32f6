import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import type { HttpHandler } from '@smithy/core/protocols'
import { connectionError } from './connection-error.ts'
import type { HttpClient } from '@aws-iam-authenticator/network/http-client'
import { MAX_BODY_BYTES } from '@aws-iam-authenticator/network/connect/http-exchange'
import { percentEncode } from './percent-encode.ts'

/** Time for one call in all, in milliseconds: a person is waiting, and kubectl with them. */
const TIMEOUT_MS = 10_000

/** A request to AWS. The SDK's are of this kind. */
interface AwsRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>>
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** The whole of an answer. */
interface AwsAnswer {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** The way to AWS, for the SDK's clients too. */
export interface AwsHttpHandler extends HttpHandler {
  /**
   * Sends one request.
   *
   * @throws {AuthenticatorError} There is no answer.
   */
  ask(request: AwsRequest, signal?: AbortSignal): Promise<AwsAnswer>
  /** Begins to open a connection to where the next request will go. What is wrong with it that request will find. */
  open(origin: string): void
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
    if (length > MAX_BODY_BYTES) throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function joinValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

function queryString(query: NonNullable<AwsRequest['query']>): string {
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

async function send(client: HttpClient, request: AwsRequest, signal: AbortSignal): Promise<AwsAnswer> {
  const { protocol, hostname, port, method, headers } = request
  const body: unknown = request.body
  // undici would take an explicit host header for the TLS server name too; without one it makes both from the origin.
  const { host: _, ...rest } = headers
  const answer = await client.request({
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: `${request.path}${queryString(request.query ?? {})}`,
    method: method === 'GET' ? 'GET' : 'POST',
    headers: rest,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : null,
    signal,
  })
  return { statusCode: answer.statusCode, headers: joinValues(answer.headers), body: await collect(answer.body) }
}

/**
 * Makes the way to AWS, which goes through our client, and so by our trust and proxies.
 *
 * @param createClient Called once, when there is something to send.
 * @param now Default: this machine's clock.
 */
export function createHttpHandler(
  createClient: () => Promise<HttpClient>,
  now: () => Date = () => new Date(),
): AwsHttpHandler {
  let client: Promise<HttpClient> | undefined
  let clockOffset = 0
  let failure: AuthenticatorError | undefined

  async function ask(request: AwsRequest, signal?: AbortSignal): Promise<AwsAnswer> {
    const timeout = new AbortController()
    const timer = setTimeout(() => {
      timeout.abort(new Error(`no answer within ${TIMEOUT_MS / 1000} s`))
    }, TIMEOUT_MS)
    try {
      client ??= createClient()
      const opened = await client
      const asked = now().getTime()
      const either = signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, signal])
      const answer = await send(opened, request, either)
      failure = undefined
      if (request.protocol === 'https:') {
        clockOffset = offsetOf(answer.headers['date'], asked, now().getTime()) ?? clockOffset
      }
      return answer
    } catch (error) {
      failure = error instanceof AuthenticatorError ? error : connectionError(request.hostname, error)
      throw failure
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    get failure() {
      return failure
    },
    get clockOffset() {
      return clockOffset
    },
    ask,
    open(origin) {
      client ??= createClient()
      client.then(
        (opened) => opened.open?.(origin),
        () => undefined,
      )
    },
    async handle(request, { abortSignal } = {}) {
      return { response: await ask(request, abortSignal instanceof AbortSignal ? abortSignal : undefined) }
    },
    updateHttpClientConfig() {
      // Its settings are the client's.
    },
    httpHandlerConfigs: () => ({}),
    async close() {
      const opened = await client?.catch(() => undefined)
      await opened?.destroy()
    },
  }
}
