import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { Refusal, repeatedFields, textAt, type Log, type UserInfo } from '@aws-iam-authenticator/core'
import { jsonAnswer, refusalAnswer, type Answer } from './answer.ts'
import type { Authenticate, Granted, Origin } from './authenticate.ts'
import type { LogRefusal } from './bounded-refusals.ts'
import type { Client } from './http-limits.ts'
import type { Metrics } from './metrics.ts'
import { readBody, TOO_LONG } from './read-body.ts'
import { parseTokenReview, renderAuthenticated } from './token-review.ts'

/** Where kube-apiserver sends its TokenReviews. */
const PATH = '/authenticate'

export interface EndpointOptions {
  readonly authenticate: Authenticate
  readonly metrics: Metrics
  readonly log: Log
  readonly logRefusal: LogRefusal
  /** The status of a sound refusal: 200 by the webhook's contract, or 403 as in older releases. */
  readonly refusalStatus: 200 | 403
}

/** Answers a request at its path. @param bodyCame Told as soon as the body is there. */
export type Endpoint = (
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  client: Client,
  bodyCame: () => void,
) => void

/** Whether a request is for this endpoint: kube-apiserver adds a query, `?timeout=30s`. */
export function isForEndpoint(url: string): boolean {
  return url.startsWith(PATH) && (url.length === PATH.length || url[PATH.length] === '?')
}

/** Lets the connection end with this answer; one of HTTP/2 goes on. */
export function hangUp({ httpVersionMajor }: Http2ServerRequest, response: Http2ServerResponse): void {
  if (httpVersionMajor === 1) response.setHeader('connection', 'close')
}

function send(request: Http2ServerRequest, response: Http2ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  if (request.httpVersionMajor === 2) return void response.end(body)
  // One runtime would send the head by itself: that wakes the client twice.
  const { socket } = request
  socket.cork()
  response.end(body)
  socket.uncork()
}

/**
 * The endpoint of the webhook: TokenReview in, TokenReview out.
 *
 * It takes requests as they come from the HTTP server: the way through fastify would cost more than the decision does.
 */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { authenticate, metrics, log, logRefusal, refusalStatus } = options
  const kept = new WeakMap<UserInfo, { readonly apiVersion: string; readonly text: string }>()
  const render = (apiVersion: string, { user, audiences, isKept }: Granted): string => {
    const isAlike = isKept && audiences.length === 0
    const known = isAlike ? kept.get(user) : undefined
    if (known?.apiVersion === apiVersion) return known.text
    const text = renderAuthenticated(apiVersion, user, audiences)
    if (isAlike) kept.set(user, { apiVersion, text })
    return text
  }
  /** Refuses what never becomes a TokenReview. */
  const refuseRequest = (refusal: Refusal, origin: Origin): Answer => {
    logRefusal(refusal, origin)
    metrics.decided(refusal.reason, 0)
    const answer = refusalAnswer(refusal, '', refusalStatus)
    return refusal === TOO_LONG ? { ...answer, status: 413 } : answer
  }
  const decide = async (body: string | Refusal, origin: Origin, address: string): Promise<Answer> => {
    const review = body instanceof Refusal ? body : parseTokenReview(body)
    if (review instanceof Refusal) return refuseRequest(review, origin)
    const startedAt = performance.now()
    const outcome = await authenticate(review, origin, address)
    const refused = outcome instanceof Refusal
    metrics.decided(refused ? outcome.reason : null, (performance.now() - startedAt) / 1000)
    if (refused) return refusalAnswer(outcome, review.apiVersion, refusalStatus)
    return jsonAnswer(200, render(review.apiVersion, outcome))
  }
  const origins = new WeakMap<Client, Origin>()
  const originOf = (client: Client): Origin => {
    const known = origins.get(client)
    if (known !== undefined) return known
    const origin = { path: PATH, client: client.name, method: 'POST' }
    repeatedFields(origin)
    origins.set(client, origin)
    return origin
  }
  return (request, response, client, bodyCame) => {
    const { method } = request
    const origin = method === 'POST' ? originOf(client) : { path: PATH, client: client.name, method }
    if (method !== 'POST')
      return send(request, response, refuseRequest(new Refusal('method_not_allowed', 'expected POST'), origin))
    readBody(request, (body) => {
      bodyCame()
      // The rest of it is not waited for.
      if (body === TOO_LONG) hangUp(request, response)
      decide(body, origin, client.address)
        .then((answer) => send(request, response, answer))
        .catch((error: unknown) => {
          log.error('a request failed inside the server', { ...origin, error: textAt(error, 'code') ?? 'unknown' })
          // What failed may have been the answer itself: then there is no other one.
          const isBegun = response.headersSent
          if (!isBegun) response.writeHead(500, { 'content-type': 'text/plain; charset=UTF-8' })
          response.end(isBegun ? '' : 'the token could not be checked\n')
        })
    })
  }
}
