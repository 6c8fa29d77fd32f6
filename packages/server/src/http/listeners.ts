import { createServer, type Server } from 'node:http'
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import { applyLimits, type Connections, type ListenerLimits } from './limits.ts'

/** The limits of the webhook. An API server has a few connections. */
export const WEBHOOK_LIMITS: ListenerLimits = {
  connections: 4_096,
  headerBytes: 16 * 1024,
  firstRequestMs: 10_000,
  bodyMs: 10_000,
  idleSessionMs: 72_000,
}

/** The limits of plain HTTP: a probe or a scrape is one small request on a connection of its own. */
export const PLAIN_LIMITS: ListenerLimits = {
  connections: 64,
  headerBytes: 2 * 1024,
  firstRequestMs: 2_000,
  bodyMs: 2_000,
  idleSessionMs: 2_000,
}

/** The limits of one HTTP/2 connection: memory in MiB, concurrent streams, and headers in bytes. */
const HTTP2_LIMITS: Pick<SecureServerOptions, 'maxSessionMemory' | 'settings'> = {
  maxSessionMemory: 8,
  settings: { maxConcurrentStreams: 1_000, maxHeaderListSize: 32 * 1024 },
}

/** A server that can listen, with its limits applied. */
interface Listener<S> {
  readonly server: S
  readonly connections: Connections
}

/** Creates a listener for HTTPS: HTTP/2 and HTTP/1.1 by ALPN. */
export function createTlsListener(secure: SecureContextOptions, limits: ListenerLimits): Listener<Http2SecureServer> {
  const options = { allowHTTP1: true, ...secure, ...HTTP2_LIMITS, maxHeaderSize: limits.headerBytes }
  const server = createSecureServer(options)
  return { server, connections: applyLimits(server, limits) }
}

/** Creates a listener for plain HTTP/1.1. */
export function createPlainListener(limits: ListenerLimits): Listener<Server> {
  const server = createServer({ maxHeaderSize: limits.headerBytes })
  return { server, connections: applyLimits(server, limits) }
}
