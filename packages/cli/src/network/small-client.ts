import type { Socket } from 'node:net'
import type { HttpClient, HttpRequestOptions } from '@aws-iam-authenticator/client'
import type { Dispatcher } from 'undici'
import { connect } from './connect.ts'
import type { DispatcherOptions } from './dispatcher.ts'
import { parseAnswer } from './parse-answer.ts'
import { readProxySettings } from './proxy.ts'
import { whenRead } from './socket-events.ts'
import { readTrustedCertificates } from './trust.ts'

interface Connection {
  readonly origin: string
  readonly socket: Promise<Socket>
}

const TARGET = /^\/[\x21-\x7e]*$/
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
// What the connection and the body say of themselves.
const OURS: ReadonlySet<string> = new Set(['connection', 'content-length', 'host', 'transfer-encoding'])

/** Throws where a text could end a line of the request before its end. */
function bytesOf({ origin, path, method, headers, body }: HttpRequestOptions): Buffer {
  if (!TARGET.test(path)) throw new TypeError('the path can not be sent')
  const content = Buffer.from(body ?? '')
  const length = method === 'POST' ? [['content-length', String(content.length)] as const] : []
  const given = Object.entries(headers).filter(([name]) => !OURS.has(name.toLowerCase()))
  const fields = [['host', new URL(origin).host] as const, ...given, ...length].map(([name, value]) => {
    if (!FIELD_NAME.test(name) || !FIELD_VALUE.test(value)) throw new TypeError(`the header ${name} can not be sent`)
    return `${name}: ${value}\r\n`
  })
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n`, 'latin1'), content])
}

async function* inOne(body: Buffer): AsyncIterable<Uint8Array> {
  yield body
}

/** Rejects where the signal aborts before. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/**
 * Opens the way to AWS for a command that asks once or twice and ends: one request after the other, by the same proxies and trust
 * as {@link createDispatcher}, whose undici takes longer to load than the rest of a cold token together. It makes the rare ways:
 * a proxy that speaks TLS or SOCKS, and plain HTTP by a proxy.
 *
 * @throws {AuthenticatorError} `invalid_proxy`
 */
export function createSmallClient(options: DispatcherOptions): HttpClient {
  const proxyFor = readProxySettings(options.environment)
  const cut = new AbortController()
  let kept: Connection | undefined
  let trust: Promise<string[]> | undefined
  let dispatcher: Promise<Dispatcher> | undefined

  function proxyOf(origin: URL): URL | 'rare' | undefined {
    const proxy = proxyFor(origin)
    if (proxy === undefined) return undefined
    const url = new URL(proxy)
    return origin.protocol === 'https:' && url.protocol === 'http:' ? url : 'rare'
  }

  const readTrust = (): Promise<string[]> => (trust ??= readTrustedCertificates(options))

  function connectTo(origin: string, proxy: URL | undefined): Connection {
    return { origin, socket: connect({ origin: new URL(origin), proxy, trust: readTrust }, cut.signal) }
  }

  async function connectionFor(origin: string, proxy: URL | undefined): Promise<Socket> {
    const before = kept?.origin === origin ? kept : undefined
    kept = undefined
    const socket = await before?.socket
    // The other side may have closed it meanwhile.
    return socket?.destroyed === false ? socket : await connectTo(origin, proxy).socket
  }

  async function askRarely(request: HttpRequestOptions): ReturnType<HttpClient['request']> {
    dispatcher ??= import('./dispatcher.ts').then(({ createDispatcher }) => createDispatcher(options))
    return await (await dispatcher).request(request)
  }

  return {
    async request(request) {
      const { origin, signal } = request
      const proxy = proxyOf(new URL(origin))
      if (proxy === 'rare') return await askRarely(request)
      const bytes = bytesOf(request)
      const socket = await unlessAborted(connectionFor(origin, proxy), signal)
      try {
        const read = whenRead(socket, parseAnswer)
        socket.write(bytes)
        const { statusCode, headers, body, staysOpen } = await unlessAborted(read, signal)
        if (staysOpen) kept = { origin, socket: Promise.resolve(socket) }
        else socket.destroy()
        return { statusCode, headers: { ...headers }, body: inOne(body) }
      } catch (error) {
        socket.destroy()
        throw error
      }
    },
    open(origin) {
      const proxy = proxyOf(new URL(origin))
      if (proxy === 'rare' || kept !== undefined) return
      kept = connectTo(origin, proxy)
      // The request finds it out.
      kept.socket.catch(() => undefined)
    },
    async destroy() {
      cut.abort()
      await dispatcher?.then(
        (opened) => opened.destroy(),
        () => undefined,
      )
    },
  }
}
