import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import type { HttpHandler } from '@smithy/core/protocols'
import { connectionError, type ConnectionFacts } from './connection-error.ts'
import { notFromAws } from './credentials-error.ts'
import type { HttpClient } from '@aws-iam-authenticator/network/http-client'
import { readBody } from '@aws-iam-authenticator/network/read-body'
import { withTimeLimit } from '@aws-iam-authenticator/network/time-limit'
import { AnswerTooLong, MAX_BODY_BYTES } from '@aws-iam-authenticator/network/connect/http-exchange'
import { percentEncode } from './percent-encode.ts'

/** Time limit for a whole call, in milliseconds. A user is waiting, and so is kubectl. */
const TIMEOUT_MS = 10_000

/** A request to AWS, in the shape of the SDK's own. */
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

/** A complete answer. */
interface AwsAnswer {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** Sends requests to AWS. The SDK's clients use it too. */
export interface AwsHttpHandler extends HttpHandler {
  /**
   * Sends one request.
   *
   * @throws {AuthenticatorError} There is no answer.
   */
  ask(request: AwsRequest, signal?: AbortSignal): Promise<AwsAnswer>
  /** Opens a connection ahead of the next request, which reports its errors. */
  open(origin: string): void
  /**
   * The error of the last request; undefined if it was answered. Kept here because the SDK's providers wrap or swallow
   * connection errors, which the user needs to see.
   */
  readonly failure: AuthenticatorError | undefined
  /**
   * How far AWS's clock is ahead of this machine's, in milliseconds, by the last answer over TLS; 0 before the first one.
   * Accurate to about a second.
   */
  readonly clockOffset: number
  /** Closes the connections. */
  close(): Promise<void>
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

/** The clock offset by the Date header of an answer, which has whole seconds. The times are those of request and answer. */
function offsetOf(date: string | undefined, sentAt: number, receivedAt: number): number | undefined {
  const time = Date.parse(date ?? '')
  return Number.isNaN(time) ? undefined : time + 500 - (sentAt + receivedAt) / 2
}

async function send(client: HttpClient, request: AwsRequest, signal: AbortSignal): Promise<AwsAnswer> {
  const { protocol, hostname, port, method, headers } = request
  const body: unknown = request.body
  // undici would use an explicit host header as the TLS server name too. Without one it derives both from the origin.
  const { host: _, ...rest } = headers
  const answer = await client.request({
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: `${request.path}${queryString(request.query ?? {})}`,
    method: method === 'GET' ? 'GET' : 'POST',
    headers: rest,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : null,
    signal,
  })
  const read = await readBody(answer.body, MAX_BODY_BYTES)
  if (read === undefined) throw new AnswerTooLong(MAX_BODY_BYTES)
  return { statusCode: answer.statusCode, headers: joinValues(answer.headers), body: read }
}

/**
 * Creates a handler that sends requests through our HTTP client, and so with our trust and proxies.
 *
 * @param createClient Called once, before the first request.
 * @param facts For errors. Default: this machine's clock alone.
 */
export function createHttpHandler(
  createClient: () => Promise<HttpClient>,
  facts: ConnectionFacts = { now: () => new Date() },
): AwsHttpHandler {
  const { now } = facts
  let client: Promise<HttpClient> | undefined
  let clockOffset = 0
  let failure: AuthenticatorError | undefined

  async function ask(request: AwsRequest, signal?: AbortSignal): Promise<AwsAnswer> {
    try {
      client ??= createClient()
      const opened = await client
      const sentAt = now().getTime()
      const answer = await withTimeLimit(TIMEOUT_MS, new Error(`no answer within ${TIMEOUT_MS / 1000} s`), (late) =>
        send(opened, request, signal === undefined ? late : AbortSignal.any([late, signal])),
      )
      failure = undefined
      if (request.protocol === 'https:') {
        clockOffset = offsetOf(answer.headers['date'], sentAt, now().getTime()) ?? clockOffset
      }
      return answer
    } catch (error) {
      const cause = error instanceof AnswerTooLong ? notFromAws() : error
      failure = cause instanceof AuthenticatorError ? cause : connectionError(request.hostname, cause, facts)
      throw failure
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
      // Our client has its own settings.
    },
    httpHandlerConfigs: () => ({}),
    async close() {
      const opened = await client?.catch(() => undefined)
      await opened?.destroy()
    },
  }
}
