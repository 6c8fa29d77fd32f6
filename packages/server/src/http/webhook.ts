import { METHODS, STATUS_CODES } from 'node:http'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { KeyPair } from '@aws-iam-authenticator/init/pair/certificate'
import fastify from 'fastify'
import type { Connections } from './limits.ts'
import { createTlsListener, WEBHOOK_LIMITS } from './listeners.ts'
import { addTokenReviews, type App, type TokenReviewOptions } from './token-reviews.ts'
import { createInFlight } from './in-flight.ts'
import { answerPath, type HealthChecks } from '../observe/checks.ts'
import { isOnLoopback } from '../observe/status.ts'
import { createFailedHandshakes } from '../tls/failed-handshakes.ts'
import { secureOptions } from '../tls/secure-options.ts'

/** How long a connection on which nothing is in flight may take to end by itself when the server stops, in milliseconds. */
const LINGER_MS = 250

const TEXT = 'text/plain; charset=UTF-8'

export interface WebhookOptions extends Omit<TokenReviewOptions, 'clientOf'> {
  readonly log: Log
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

/** No route has a JSON schema; without this, fastify would load its compilers of them at the start. */
function noSchemas(): never {
  throw new Error('a route has a JSON schema')
}

/** A client that goes away is no fault: its request ends, and that is noticed by the end of the answer. */
function ignore(): void {}

/** Logs errors inside the server, and keeps what they say from clients. */
function handleErrors(app: App, log: Log, clientOf: Connections['clientOf']): void {
  app.setErrorHandler((error: { readonly statusCode?: number }, { raw }, reply) => {
    const { statusCode = 500 } = error
    if (statusCode < 500) {
      reply.code(statusCode).type(TEXT).send(`${STATUS_CODES[statusCode]}\n`)
      return
    }
    const [path = ''] = raw.url.split('?', 1)
    const origin = { path, client: clientOf(raw).name, method: raw.method }
    log.error('a request failed inside the server', { ...origin, error: textAt(error, 'code') ?? 'unknown' })
    // What failed may have been the answer itself: then there is no other one.
    if (reply.raw.headersSent) {
      reply.hijack()
      reply.raw.destroy()
      return
    }
    reply.code(500).type(TEXT).send('the token could not be checked\n')
  })
}

/** Adds the endpoints for probes, Prometheus and people on the node. */
function addObservability(app: App, { metrics, checks, status }: WebhookOptions): void {
  // As in the reference, whatever the method.
  app.all('/healthz', (_request, reply) => reply.type(TEXT).send('ok'))
  app.all('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
  for (const path of ['/livez', '/readyz']) {
    app.get(path, (request, reply) => {
      const answer = answerPath(request.url, checks)
      return reply
        .status(answer?.status ?? 404)
        .type(TEXT)
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

/** Creates the HTTPS server. */
export function createWebhook(options: WebhookOptions): Webhook {
  const { pair, log } = options
  const { server, connections } = createTlsListener(secureOptions(pair), WEBHOOK_LIMITS)
  const inFlight = createInFlight()
  server.on(
    'tlsClientError',
    createFailedHandshakes(log, () => performance.now()),
  )

  const app: App = fastify({
    http2: true,
    serverFactory: (route) => {
      server.on('request', (request, response) => {
        inFlight.begin()
        request.on('error', ignore)
        response.on('error', ignore)
        response.once('close', inFlight.end)
        // None of the routes depends on it, and fastify refuses malformed ones.
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
    usePair: (next) => server.setSecureContext(secureOptions(next)),
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
