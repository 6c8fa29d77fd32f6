import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { repeatedFields } from '@aws-iam-authenticator/core/log/log'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import { jsonAnswer, refusalAnswer, type Answer } from './answer.ts'
import type { Authenticate, Granted, Origin } from '../login/authenticate.ts'
import { refusedDecision, type OnDecision } from '../login/decision.ts'
import type { LogRefusal } from '../log/bounded-refusals.ts'
import { EXPECTED_TOKEN_REVIEW, parseTokenReview, renderAuthenticated } from './token-review.ts'
import type { Client } from './limits.ts'

/** The path to which kube-apiserver sends its TokenReviews. */
const PATH = '/authenticate'

/** The limit of a body, in bytes. It is larger than any TokenReview: a token has 16 KiB at most. */
const MAX_BODY_BYTES = 1024 * 1024

const TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE'

/** The refusals for bodies that fastify rejects, by error code. */
const BODY_REFUSALS: ReadonlyMap<string, Refusal> = new Map(
  [
    [TOO_LARGE, `it is longer than ${MAX_BODY_BYTES} bytes`],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'its length is not what content-length says'],
  ].map(([code = '', why]) => [code, new Refusal('malformed_request', `${EXPECTED_TOKEN_REVIEW}: ${why}`)]),
)

/** The fastify instance of the webhook. */
export type App = FastifyInstance<Http2SecureServer, Http2ServerRequest, Http2ServerResponse>
type Request = FastifyRequest<RouteGenericInterface, Http2SecureServer, Http2ServerRequest>
type Reply = FastifyReply<RouteGenericInterface, Http2SecureServer, Http2ServerRequest, Http2ServerResponse>

export interface TokenReviewOptions {
  readonly authenticate: Authenticate
  readonly onDecision: OnDecision
  readonly logRefusal: LogRefusal
  /** The status of a verdict against the token: 200 by the webhook's contract, or 403 as in older releases. */
  readonly refusalStatus: 200 | 403
  readonly clientOf: (request: Http2ServerRequest) => Client
}

/** Creates a function that renders granted logins, with a cache for cached users. */
function createRenderer(): (apiVersion: string, granted: Granted) => string {
  const kept = new WeakMap<UserInfo, { readonly apiVersion: string; readonly text: string }>()
  return (apiVersion, { user, audiences, isKept }) => {
    const isCacheable = isKept && audiences.length === 0
    const known = isCacheable ? kept.get(user) : undefined
    if (known?.apiVersion === apiVersion) return known.text
    const text = renderAuthenticated(apiVersion, user, audiences)
    if (isCacheable) kept.set(user, { apiVersion, text })
    return text
  }
}

/** Creates a function that returns the origin of a client's TokenReviews, one object for each client. */
function createOrigins(): (client: Client) => Origin {
  const origins = new WeakMap<Client, Origin>()
  return (client) => {
    const known = origins.get(client)
    if (known !== undefined) return known
    const origin = { path: PATH, client: client.name, method: 'POST' }
    repeatedFields(origin)
    origins.set(client, origin)
    return origin
  }
}

/** Sends an answer in one write. Without `cork`, Bun writes the HTTP/1.1 head separately, which reduces throughput by a fifth. */
function send(reply: Reply, { status, headers, body }: Answer): void {
  const { socket, httpVersionMajor } = reply.request.raw
  if (httpVersionMajor === 1) socket.cork()
  try {
    reply.code(status).headers(headers).send(body)
  } finally {
    if (httpVersionMajor === 1) socket.uncork()
  }
}

/** Adds the endpoint that answers TokenReviews. */
export function addTokenReviews(app: App, options: TokenReviewOptions): void {
  const { authenticate, onDecision, logRefusal, refusalStatus, clientOf } = options
  const render = createRenderer()
  const originOf = createOrigins()

  /** Refuses a request without a valid TokenReview. */
  const refuseRequest = (refusal: Refusal, { raw }: Request): Answer => {
    const client = clientOf(raw).name
    logRefusal(refusal, { path: PATH, client, method: raw.method })
    onDecision(refusedDecision(refusal, { client, startedAt: performance.now() }, 'request'))
    return refusalAnswer(refusal, '', refusalStatus)
  }
  const handle = async (request: Request, reply: Reply): Promise<void> => {
    // A reset HTTP/2 stream looks like one that has ended.
    if (request.raw.aborted) return void reply.hijack()
    const review = parseTokenReview(String(request.body))
    if (review instanceof Refusal) return send(reply, refuseRequest(review, request))
    const client = clientOf(request.raw)
    const outcome = await authenticate(review, originOf(client), client.address)
    if (outcome instanceof Refusal) return send(reply, refusalAnswer(outcome, review.apiVersion, refusalStatus))
    return send(reply, jsonAnswer(200, render(review.apiVersion, outcome)))
  }
  const handleError = (error: Error & { readonly code?: unknown }, request: Request, reply: Reply): void => {
    // The client has disconnected in the middle of the body: don't answer.
    if (request.raw.aborted) return void reply.hijack()
    const refusal = BODY_REFUSALS.get(String(error.code))
    if (refusal === undefined) throw error
    // Keep the HTTP/2 connection open.
    if (request.raw.httpVersionMajor === 2) reply.removeHeader('connection')
    const refused = refuseRequest(refusal, request)
    send(reply, error.code === TOO_LARGE ? { ...refused, status: 413 } : refused)
  }

  app.route({
    method: app.supportedMethods.filter((method) => method !== 'POST'),
    url: PATH,
    handler: (request, reply) =>
      send(reply, refuseRequest(new Refusal('method_not_allowed', 'expected POST'), request)),
  })
  // In a scope of its own, because no other route reads bodies.
  void app.register((scope: App, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_BODY_BYTES }, (_request, body, parsed) =>
      parsed(null, body),
    )
    scope.post(PATH, { errorHandler: handleError }, handle)
    done()
  })
}
