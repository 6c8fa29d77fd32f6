import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import { isIP, type Socket } from 'node:net'

/** A private key and its certificate chain, PEM. */
export type TlsPair = { key: string; cert: string }

export type ListenerOptions = {
  tls: TlsPair
  /** PEM of the authority of accepted client certificates, if any. */
  clientCa?: string
  /** Default 127.0.0.1. */
  address?: string
}

/** An HTTPS server (HTTP/1.1) on a free port, which can stop with all its connections and restart on that port. */
export class Listener {
  readonly #server: Server
  readonly #address: string
  readonly #sockets = new Set<Socket>()
  #port = 0

  private constructor(options: ListenerOptions, handler: RequestListener) {
    const { tls, clientCa, address = '127.0.0.1' } = options
    const client = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }
    this.#address = address
    this.#server = createServer({ ...tls, ...client, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }, handler)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(options: ListenerOptions, handler: RequestListener): Promise<Listener> {
    const listener = new Listener(options, handler)
    await listener.comeBack()
    return listener
  }

  /** The same across restarts. */
  get port(): number {
    return this.#port
  }

  get host(): string {
    return this.#address
  }

  get url(): string {
    return `https://${isIP(this.#address) === 6 ? `[${this.#address}]` : this.#address}:${this.#port}`
  }

  /** Stops listening and destroys every connection, including those in a TLS handshake. */
  async goAway(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Listens again. */
  async comeBack(): Promise<void> {
    if (this.#server.listening) return
    this.#server.listen(this.#port, this.#address)
    await once(this.#server, 'listening')
    const bound = this.#server.address()
    if (typeof bound === 'object' && bound !== null) this.#port = bound.port
  }
}
