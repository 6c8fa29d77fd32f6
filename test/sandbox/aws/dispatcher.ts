import { setImmediate } from 'node:timers/promises'
import { Dispatcher } from 'undici'
import type { Handler, WireRequest } from './wire.ts'

type Options = Dispatcher.DispatchOptions
type Receiver = Dispatcher.DispatchHandler

/**
 * The fake AWS as an undici dispatcher, for code that takes one: no socket, no TLS. Timeouts belong to undici's own
 * clients, so `headersTimeout` and `bodyTimeout` have no effect here. `signal` has one. Only text and bytes can be sent.
 */
export class InProcessDispatcher extends Dispatcher {
  readonly #handle: Handler

  constructor(handle: Handler) {
    super()
    this.#handle = handle
  }

  /** There is no connection to close. */
  override close(): Promise<void> {
    return Promise.resolve()
  }

  override destroy(): Promise<void> {
    return Promise.resolve()
  }

  override dispatch(options: Options, receiver: Receiver): boolean {
    const gone = new AbortController()
    let over = false
    const fail = (error: Error): void => {
      if (over) return
      over = true
      receiver.onResponseError?.(controller, error)
    }
    const controller: Dispatcher.DispatchController = {
      get aborted() {
        return gone.signal.aborted
      },
      get reason() {
        return gone.signal.aborted ? toError(gone.signal.reason) : null
      },
      // Answers are small, or come in chunks with a pause between them, so no back pressure is needed.
      paused: false,
      pause: () => undefined,
      resume: () => undefined,
      abort(reason) {
        if (over) return
        gone.abort(reason)
        fail(toError(reason))
      },
    }

    receiver.onRequestStart?.(controller, {})
    if (over) return true
    const serve = async (): Promise<void> => {
      try {
        await this.#serve(options, receiver, controller, gone.signal)
        over = true
      } catch (error) {
        fail(toError(error))
      }
    }
    void serve()
    return true
  }

  async #serve(
    options: Options,
    receiver: Receiver,
    controller: Dispatcher.DispatchController,
    signal: AbortSignal,
  ): Promise<void> {
    const reply = await this.#handle(toWire(options, signal))
    signal.throwIfAborted()
    if (reply === 'reset') throw Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' })
    receiver.onResponseStart?.(controller, reply.status, { ...reply.headers })
    for (const chunk of typeof reply.body === 'string' ? [Buffer.from(reply.body)] : reply.body) {
      receiver.onResponseData?.(controller, Buffer.from(chunk))
      // Yields to the event loop, so that the reader can stop.
      await setImmediate()
      signal.throwIfAborted()
    }
    receiver.onResponseEnd?.(controller, {})
  }
}

function toWire({ origin = '', path, method, headers, body }: Options, signal: AbortSignal): WireRequest {
  const sent = new Map(headerEntries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const host = sent.get('host') ?? new URL(origin).host
  const [pathname = '', ...query] = path.split('?')
  return {
    method,
    host,
    path: pathname,
    query: query.join('?'),
    headers: sent.set('host', host),
    body: bodyText(body),
    signal,
  }
}

function headerEntries(headers: Options['headers']): (readonly [name: string, value: string])[] {
  if (headers === undefined || headers === null) return []
  if (Array.isArray(headers)) throw new TypeError('headers have to be a record or a map')
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return entries.flatMap((entry) => {
    if (typeof entry === 'string') throw new TypeError('headers have to be a record or a map')
    const [name, value] = entry
    return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : String(value)] as const]
  })
}

function bodyText(body: Options['body']): string {
  if (body === undefined || body === null) return ''
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  throw new TypeError('the body has to be text or bytes')
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted')
}
