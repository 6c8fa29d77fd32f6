import { METHODS, STATUS_CODES } from 'node:http'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { KeyPair } from '@aws-iam-authenticator/init/pair/certificate'
import fastify from 'fastify'
import { TEXT_UTF8 } from './answer.ts'
import type { Connections } from './limits.ts'
import { createTlsListener, WEBHOOK_LIMITS } from './listeners.ts'
import { addTokenReviews, type App, type TokenReviewOptions } from './token-reviews.ts'
import { createInFlight } from './in-flight.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createExposition } from './exposition.ts'
import { answerPath, type HealthChecks } from '../observe/checks.ts'
import { isOnLoopback } from '../observe/status.ts'
import { createFailedHandshakes, type OnHandshakeFailed } from '../tls/failed-handshakes.ts'
import { secureOptions } from '../tls/secure-options.ts'

/** The time that idle connections have to close when the server stops, in milliseconds. */
const LINGER_MS = 250

export interface WebhookOptions extends Omit<TokenReviewOptions, 'clientOf'> {
  readonly log: Log
  readonly metrics: Metrics
  readonly pair: KeyPair
  readonly checks: HealthChecks
  readonly onHandshakeFailed: OnHandshakeFailed
  /** The state of the server as JSON, for people on its node. */
  readonly status: () => string
}

/** The HTTPS server that kube-apiserver calls. */
export interface Webhook {
  /** Starts to listen; returns the port, which the system chooses for 0. */
  listen(address: string, port: number): Promise<number>
  /** Serves this pair to new connections; open ones are not affected. Returns the clients of the open ones. */
  usePair(pair: KeyPair): ReadonlySet<string>
  /** The number of requests without an answer. */
  unanswered(): number
  /** Closes the listener, answers the requests in flight, then closes all connections. */
  close(): Promise<void>
}

/** Replaces fastify's schema compilers, which take time to load. No route has a JSON schema. */
function noSchemas(): never {
  throw new Error('a route has a JSON schema')
}

/** Ignores clients that disconnect: the `close` event of the response ends their requests. */
function ignore(): void {}

/** Logs internal errors, without showing them to clients. */
function handleErrors(app: App, log: Log, clientOf: Connections['clientOf']): void {
  app.setErrorHandler((error: { readonly statusCode?: number }, { raw }, reply) => {
    const { statusCode = 500 } = error
    if (statusCode < 500) {
      reply.code(statusCode).type(TEXT_UTF8).send(`${STATUS_CODES[statusCode]}\n`)
      return
    }
    const [path = ''] = raw.url.split('?', 1)
    const origin = { path, client: clientOf(raw).name, method: raw.method }
    log.error('a request failed inside the server', { ...origin, error: errorCode(error) ?? 'unknown' })
    // If the answer itself failed, there can't be another one.
    if (reply.raw.headersSent) {
      reply.hijack()
      reply.raw.destroy()
      return
    }
    reply.code(500).type(TEXT_UTF8).send('the token could not be checked\n')
  })
}

/** Adds the endpoints for probes, Prometheus and people on the node. */
function addObservability(app: App, { metrics, checks, status }: WebhookOptions): void {
  // Any method, as in the reference implementation.
  app.all('/healthz', (_request, reply) => reply.type(TEXT_UTF8).send('ok'))
  const expose = createExposition(metrics.registry)
  app.all('/metrics', async ({ headers }, reply) => {
    const exposition = await expose(headers['accept-encoding'])
    return reply.headers(exposition.headers).send(exposition.body)
  })
  for (const path of ['/livez', '/readyz']) {
    app.get(path, (request, reply) => {
      const answer = answerPath(request.url, checks)
      return reply
        .status(answer?.status ?? 404)
        .type(TEXT_UTF8)
        .send(answer?.body)
    })
  }
  app.get('/status', (request, reply) => {
    if (!isOnLoopback(request.socket)) {
      reply.callNotFound()
      return reply
    }
    return reply.type('application/json; charset=UTF-8').send(status())
  })
}

export function createWebhook(options: WebhookOptions): Webhook {
  const { pair, log } = options
  const { server, connections } = createTlsListener(secureOptions(pair), WEBHOOK_LIMITS)
  const inFlight = createInFlight()
  server.on(
    'tlsClientError',
    createFailedHandshakes({ log, now: () => performance.now(), onFailed: options.onHandshakeFailed }),
  )

  const app: App = fastify({
    http2: true,
    serverFactory: (route) => {
      server.on('request', (request, response) => {
        inFlight.begin()
        request.on('error', ignore)
        response.on('error', ignore)
        response.once('close', inFlight.end)
        // Fastify rejects malformed content types, and no route depends on them.
        request.headers['content-type'] = 'application/octet-stream'
        route(request, response)
      })
      return server
    },
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  // Only TokenReviews have a body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  handleErrors(app, log, connections.clientOf)
  addTokenReviews(app, { ...options, clientOf: connections.clientOf })
  addObservability(app, options)

  return {
    listen: async (host, port) => {
      try {
        await app.listen({ host, port })
      } catch (error) {
        const why = `${messageOf(error)}: stop what uses it, or change --address or --port`
        throw new AuthenticatorError('address_unavailable', `can't listen on ${host}:${port}: ${why}`, { cause: error })
      }
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    },
    usePair: (next) => {
      server.setSecureContext(secureOptions(next))
      return connections.names()
    },
    unanswered: inFlight.count,
    close: async () => {
      const closed = app.close()
      await inFlight.drained()
      const cut = setTimeout(connections.destroy, LINGER_MS)
      await closed
      clearTimeout(cut)
    },
  }
}
