import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { AuthenticatorError, messageOf, property, Refusal, textAt, type Log } from '@aws-iam-authenticator/core'
import type { KeyPair } from '@aws-iam-authenticator/init'
import fastify from 'fastify'
import { jsonAnswer, refusalAnswer, type Answer } from './answer.ts'
import type { Authenticate } from './authenticate.ts'
import type { LogRefusal } from './bounded-refusals.ts'
import { HTTP2_LIMITS, limitBodies, limitConnections } from './http-limits.ts'
import { createInFlight } from './in-flight.ts'
import type { Metrics } from './metrics.ts'
import { answerPath, type HealthChecks } from './observe/checks.ts'
import { isOnLoopback } from './observe/status.ts'
import { MIN_TLS_VERSION } from './tls/serving-certificate.ts'
import { EXPECTED_TOKEN_REVIEW, parseTokenReview, renderAuthenticated } from './token-review.ts'

/** Larger than any TokenReview: a token has 16 KiB at most. */
const MAX_BODY_BYTES = 1024 * 1024

const PATH = '/authenticate'

/** How long a connection on which nothing is in flight may take to end by itself when the server stops, in milliseconds. */
const LINGER_MS = 250

export interface WebhookOptions {
  readonly pair: KeyPair
  readonly authenticate: Authenticate
  readonly metrics: Metrics
  readonly log: Log
  readonly logRefusal: LogRefusal
  /** The status of a sound refusal: 200 by the webhook's contract, or 403 as in older releases. */
  readonly refusalStatus: 200 | 403
  readonly checks: HealthChecks
  /** The state of the server as JSON, for people on its node. */
  readonly status: () => string
}

/** The HTTPS server that kube-apiserver asks. */
export interface Webhook {
  /** Begins to listen; gives the port, which is chosen where 0 was asked for. */
  listen(address: string, port: number): Promise<number>
  /** New connections get this pair from now on; those that are open live on. */
  usePair(pair: KeyPair): void
  /** How many requests have no answer yet. */
  unanswered(): number
  /** Takes no more connections, answers what is in flight, and ends. */
  close(): Promise<void>
}

function originOf(method: string, { remoteAddress = '', remotePort = 0 }: Socket): Record<string, string> {
  return { path: PATH, client: `${remoteAddress}:${remotePort}`, method }
}

function secureOptions({ certificatePem, keyPem }: KeyPair): SecureContextOptions {
  return { cert: certificatePem, key: keyPem, minVersion: MIN_TLS_VERSION }
}

/** No route has a JSON schema; without this, fastify would load its compilers of them at the start. */
function noSchemas(): never {
  throw new Error('a route has a JSON schema')
}

/** The HTTP side of authentication: TokenReview in, TokenReview out. */
export function createWebhook(options: WebhookOptions): Webhook {
  const { pair, authenticate, metrics, log, logRefusal, refusalStatus, checks } = options
  const app = fastify({
    http2: true,
    https: { allowHTTP1: true, ...secureOptions(pair), ...HTTP2_LIMITS },
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })
  // Whatever the content type says, the body is taken as it is: it is parsed where its form is checked.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  const requestCame = limitConnections(app.server)
  const bodies = limitBodies(app.server)
  const inFlight = createInFlight()
  app.addHook('onRequest', (request, reply, done) => {
    // A content type that fastify can't read, or none, would keep the body from being looked at.
    request.raw.headers['content-type'] = 'application/json'
    const answered = requestCame(request.socket)
    bodies.begin(request.raw)
    inFlight.begin()
    reply.raw.once('close', () => {
      bodies.end(request.raw)
      answered()
      inFlight.end()
    })
    done()
  })
  app.addHook('preHandler', (request, _reply, done) => {
    bodies.end(request.raw)
    done()
  })

  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const sessions = new Set<ServerHttp2Session>()
  app.server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })

  /** Refuses what never becomes a TokenReview. */
  const refuseRequest = (refusal: Refusal, origin: Record<string, string>): Answer => {
    logRefusal(refusal, origin)
    metrics.decided(refusal.reason, 0)
    return refusalAnswer(refusal, '', refusalStatus)
  }
  const decide = async (body: string, origin: Record<string, string>, client: string): Promise<Answer> => {
    const review = parseTokenReview(body)
    if (review instanceof Refusal) return refuseRequest(review, origin)
    const startedAt = performance.now()
    const outcome = await authenticate(review, origin, client)
    const refused = outcome instanceof Refusal
    metrics.decided(refused ? outcome.reason : null, (performance.now() - startedAt) / 1000)
    if (refused) return refusalAnswer(outcome, review.apiVersion, refusalStatus)
    return jsonAnswer(200, renderAuthenticated(review.apiVersion, outcome.user, outcome.audiences))
  }

  app.all(PATH, async (request, reply) => {
    const origin = originOf(request.method, request.socket)
    const text = typeof request.body === 'string' ? request.body : ''
    const { status, headers, body } =
      request.method === 'POST'
        ? await decide(text, origin, request.socket.remoteAddress ?? '')
        : refuseRequest(new Refusal('method_not_allowed', 'expected POST'), origin)
    return reply.status(status).headers(headers).send(body)
  })
  app.get('/healthz', (_request, reply) => reply.type('text/plain; charset=UTF-8').send('ok'))
  for (const path of ['/livez', '/readyz']) {
    app.get(path, (request, reply) => {
      const answer = answerPath(request.url, checks)
      return reply
        .status(answer?.status ?? 404)
        .type('text/plain; charset=UTF-8')
        .send(answer?.body)
    })
  }
  app.get('/status', (request, reply) => {
    if (!isOnLoopback(request.socket)) {
      reply.callNotFound()
      return reply
    }
    return reply.type('application/json; charset=UTF-8').send(options.status())
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
  app.setErrorHandler((error: unknown, request, reply) => {
    const status = property(error, 'statusCode')
    const code = textAt(error, 'code') ?? 'unknown'
    if (typeof status === 'number' && status < 500) {
      const refusal = new Refusal('malformed_request', `${EXPECTED_TOKEN_REVIEW}: ${code}`)
      const answer = refuseRequest(refusal, originOf(request.method, request.socket))
      return reply.status(status).headers(answer.headers).send(answer.body)
    }
    log.error('a request failed inside the server', { path: PATH, method: request.method, error: code })
    return reply.status(500).type('text/plain; charset=UTF-8').send('the token could not be checked\n')
  })

  return {
    listen: async (host, port) => {
      try {
        await app.listen({ host, port })
      } catch (error) {
        const why = `${messageOf(error)}: stop what uses it, or change --address or --port`
        throw new AuthenticatorError('address_unavailable', `can't listen on ${host}:${port}: ${why}`, { cause: error })
      }
      const address = app.server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    },
    usePair: (next) => app.server.setSecureContext(secureOptions(next)),
    unanswered: inFlight.count,
    close: async () => {
      for (const session of sessions) session.close()
      const closed = app.close()
      await inFlight.drained()
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, LINGER_MS)
      await closed
      clearTimeout(cut)
    },
  }
}
