import { connect as connectHttp2, constants } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { Agent } from 'undici'
import { beginHeaders, endlessHeaders, type EndlessHeaders } from '../e2e/harness/http2-frames.ts'

/** The address of the server and its certificate. */
export interface Place {
  readonly port: number
  /** PEM. */
  readonly certificate: string
}

/** The answer of the webhook to a TokenReview. */
export interface Answer {
  readonly status: number
  /** `status.authenticated`; undefined if the answer is not a verdict. */
  readonly verdict: boolean | undefined
}

/** Calls the webhook over open connections, as kube-apiserver does. */
export interface Asker {
  review(token: string): Promise<Answer>
  /** The latency of `/healthz`, in milliseconds. */
  health(): Promise<number>
  close(): Promise<void>
}

export function createAsker({ port, certificate }: Place, connections: number): Asker {
  const agent = new Agent({ connect: { ca: certificate, servername: 'localhost' }, connections, allowH2: false })
  const origin = `https://127.0.0.1:${port}`
  return {
    async review(token) {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }
      const headers = { 'content-type': 'application/json' }
      const answer = await agent.request({
        origin,
        path: '/authenticate',
        method: 'POST',
        headers,
        body: JSON.stringify(review),
      })
      const text = await answer.body.text()
      const verdict = answer.statusCode === 200 ? text.includes('"authenticated":true') : undefined
      return { status: answer.statusCode, verdict }
    },
    async health() {
      const began = performance.now()
      await (await agent.request({ origin, path: '/healthz', method: 'GET' })).body.dump()
      return performance.now() - began
    },
    close: () => agent.destroy(),
  }
}

/** Clients that behave badly on purpose, until they are stopped. */
export type BadClients = (place: Place) => () => void

function keep(sockets: Set<Socket>, socket: Socket): Socket {
  sockets.add(socket)
  socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
  return socket
}

function cut(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy()
}

/** Connections that stay silent. */
export function idleConnections(count: number): BadClients {
  return ({ port, certificate }) => {
    const sockets = new Set<Socket>()
    for (let made = 0; made < count; made += 1) {
      keep(sockets, connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate }))
    }
    return () => cut(sockets)
  }
}

/** TCP connections with a TLS handshake that never completes. */
export function halfOpenHandshakes(count: number): BadClients {
  return ({ port }) => {
    const sockets = new Set<Socket>()
    for (let made = 0; made < count; made += 1) {
      const socket = keep(sockets, connectTcp(port, '127.0.0.1'))
      // The first bytes of a ClientHello.
      socket.once('connect', () => socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])))
    }
    return () => cut(sockets)
  }
}

/** Requests with headers or a body that arrive byte by byte and never end, some of them after a valid request. */
export function slowRequests(count: number): BadClients {
  return ({ port, certificate }) => {
    const sockets = new Set<Socket>()
    for (let made = 0; made < count; made += 1) {
      const tls = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate })
      const socket = keep(sockets, tls)
      const head = 'POST /authenticate HTTP/1.1\r\nHost: localhost\r\n'
      const beginnings = [
        `${head}X-Slow: `,
        `${head}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`,
        `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${head}X-Slow: `,
      ]
      tls.once('secureConnect', () => socket.write(beginnings[made % beginnings.length] ?? head))
    }
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a')
    }, 1000)
    return () => {
      clearInterval(drip)
      cut(sockets)
    }
  }
}

/** HTTP/2 streams that are opened and reset at once, repeatedly (CVE-2023-44487). */
export function rapidResets(perTick: number): BadClients {
  return ({ port, certificate }) => {
    let stopped = false
    let session = connectHttp2(`https://localhost:${port}`, { ca: certificate, host: '127.0.0.1' })
    const reconnect = (): void => {
      if (stopped) return
      session = connectHttp2(`https://localhost:${port}`, { ca: certificate, host: '127.0.0.1' })
      session.on('error', () => undefined)
    }
    session.on('error', () => undefined)
    const flood = setInterval(() => {
      if (session.closed || session.destroyed) return reconnect()
      for (let opened = 0; opened < perTick; opened += 1) {
        try {
          const stream = session.request({ [constants.HTTP2_HEADER_PATH]: '/authenticate', ':method': 'POST' })
          stream.on('error', () => undefined)
          stream.close(constants.NGHTTP2_CANCEL)
        } catch {
          return reconnect()
        }
      }
    }, 20)
    return () => {
      stopped = true
      clearInterval(flood)
      session.destroy()
    }
  }
}

/** HTTP/2 headers that never end, of each kind (CVE-2024-27983 and similar). A client that is cut reconnects. */
export function endlessHeaderFloods(everyMs: number): BadClients {
  return (place) => {
    const sockets = new Set<Socket>()
    const stopped = new AbortController()
    const flood = async (headers: EndlessHeaders): Promise<void> => {
      const pieces = Buffer.concat(Array.from({ length: 100 }, () => headers.again))
      while (!stopped.signal.aborted) {
        const socket = keep(sockets, await beginHeaders(place, headers))
        while (!socket.destroyed && !stopped.signal.aborted) {
          if (socket.writableLength === 0) socket.write(pieces)
          await wait(everyMs)
        }
        // Not a flood of handshakes, which is a different problem.
        await wait(250)
      }
      cut(sockets)
    }
    for (const headers of Object.values(endlessHeaders)) void flood(headers)
    return () => {
      stopped.abort()
      cut(sockets)
    }
  }
}
