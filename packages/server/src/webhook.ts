import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { AuthenticatorError, messageOf } from '@aws-iam-authenticator/core'
import type { KeyPair } from '@aws-iam-authenticator/init'
import fastify from 'fastify'
import { createEndpoint, hangUp, isForEndpoint, type EndpointOptions } from './endpoint.ts'
import { HTTP2_LIMITS, limitBodies, limitConnections } from './http-limits.ts'
import { createInFlight } from './in-flight.ts'
import { answerPath, type HealthChecks } from './observe/checks.ts'
import { isOnLoopback } from './observe/status.ts'
import { createFailedHandshakes } from './tls/failed-handshakes.ts'
import { MIN_TLS_VERSION } from './tls/serving-certificate.ts'

/** How long a connection on which nothing is in flight may take to end by itself when the server stops, in milliseconds. */
const LINGER_MS = 250

/** How long nothing may happen on a connection of HTTP/2 before it is closed, in milliseconds. */
const IDLE_SESSION_MS = 72_000

export interface WebhookOptions extends EndpointOptions {
  readonly pair: KeyPair
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

function secureOptions({ certificatePem, keyPem }: KeyPair): SecureContextOptions {
  return { cert: certificatePem, key: keyPem, minVersion: MIN_TLS_VERSION }
}

/** No route has a JSON schema; without this, fastify would load its compilers of them at the start. */
function noSchemas(): never {
  throw new Error('a route has a JSON schema')
}

/** A client that goes away is no fault: its request ends, and that is noticed by the end of the answer. */
function ignore(): void {}

/** The HTTPS server: TokenReviews go to their endpoint, all else to fastify's routes. */
export function createWebhook(options: WebhookOptions): Webhook {
  const { pair, metrics, checks } = options
  const endpoint = createEndpoint(options)
  const inFlight = createInFlight()
  const handshakeFailed = createFailedHandshakes(options.log, () => performance.now())
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  let isClosing = false

  const serverFor = (
    route: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  ): Http2SecureServer => {
    const server = createSecureServer({ allowHTTP1: true, ...secureOptions(pair), ...HTTP2_LIMITS })
    const clientOf = limitConnections(server)
    const bodies = limitBodies(server)
    server.on('request', (request, response) => {
      const client = clientOf(request)
      client.begin()
      inFlight.begin()
      request.on('error', ignore)
      response.on('error', ignore)
      response.once('close', () => {
        bodies.end(request)
        client.end()
        inFlight.end()
      })
      if (isClosing) hangUp(request, response)
      if (!isForEndpoint(request.url)) return route(request, response)
      bodies.begin(request)
      endpoint(request, response, client, () => bodies.end(request))
    })
    server.on('tlsClientError', handshakeFailed)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    server.on('session', (session) => {
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
      session.setTimeout(IDLE_SESSION_MS, () => session.close())
    })
    return server
  }

  const app = fastify({
    http2: true,
    serverFactory: serverFor,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })
  // No route has use for a body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
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
      isClosing = true
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
