import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'

/**
 * Loads `node:http` on demand, because it takes longer to load than a token to sign. An `import` would also run the getters of
 * the module, one of which makes Node.js load its own undici.
 */
export function loadHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http')
}

/** Maximum size of the status line and headers of an answer, in bytes. */
export const MAX_HEADER_BYTES: number = 16 * 1024

/** Maximum size of the body of an answer, in bytes. AWS answers with a few KiB. */
export const MAX_BODY_BYTES: number = 256 * 1024

/** Thrown if an answer exceeds its limit. */
export class AnswerTooLong extends Error {
  constructor(maxBytes: number) {
    super(`the answer is longer than ${maxBytes} bytes`)
  }
}

/**
 * Maximum size of a whole answer, in bytes. Counts what the other limits don't: interim answers, chunk sizes and extensions,
 * trailers, and spaces around header values.
 */
const MAX_ANSWER_BYTES: number = 2 * MAX_BODY_BYTES

/** Maximum number of interim answers (status 1xx) before the answer itself. */
const MAX_INTERIM_ANSWERS = 16

/** A complete answer. */
interface ExchangeAnswer {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface ExchangeOptions {
  readonly body?: string | Uint8Array | null
  /** Default: {@link MAX_BODY_BYTES}. */
  readonly maxBodyBytes?: number
  /** Ends the exchange at once, whatever the server sends. */
  readonly signal: AbortSignal
}

/** The error for a connection closed by the other side, with the code that the kernel reports for a reset. */
export function closedByOther(): Error {
  return Object.assign(new Error('the other side closed the connection'), { code: 'ECONNRESET' })
}

/** Rewords the errors of `node:http`. A parse error is replaced because it holds the bytes that the server sent. */
function rewordError(error: Error): Error {
  const code = errorCode(error)
  if (code === 'ECONNRESET') return closedByOther()
  if (code === 'HPE_HEADER_OVERFLOW') return new Error(`the answer has more than ${MAX_HEADER_BYTES} bytes of headers`)
  if (typeof code === 'string' && code.startsWith('HPE_')) return new Error(`the answer is not HTTP/1.1 (${code})`)
  return error
}

/**
 * Limits the size of an answer. `node:http` itself limits only the headers.
 *
 * @param onExceeded Called when a limit is exceeded.
 * @returns A function that stops counting the bytes of the connection.
 */
function limitAnswer(outgoing: ClientRequest, onExceeded: (error: Error) => void): () => void {
  let interimAnswers = 0
  let bytes = 0
  let connection: Socket | undefined
  const count = (piece: Buffer): void => {
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) onExceeded(new AnswerTooLong(MAX_ANSWER_BYTES))
  }
  outgoing.on('information', () => {
    interimAnswers += 1
    if (interimAnswers > MAX_INTERIM_ANSWERS) onExceeded(new Error(`more than ${MAX_INTERIM_ANSWERS} interim answers`))
  })
  outgoing.once('socket', (socket) => {
    connection = socket
    socket.on('data', count)
  })
  return () => void connection?.off('data', count)
}

async function withLimits<T>(
  outgoing: ClientRequest,
  { body, signal }: Pick<ExchangeOptions, 'body' | 'signal'>,
  listen: (resolve: (value: T) => void, fail: (error: Error) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const fail = (error: Error): void => {
    reject(rewordError(error))
    outgoing.destroy(error)
  }
  const abort = (): void => fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  const stopCounting = limitAnswer(outgoing, fail)
  outgoing.on('error', fail)
  listen(resolve, fail)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  // As bytes, because a text would get the encoding of the headers.
  else outgoing.end(Buffer.from(body ?? ''))
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
    stopCounting()
  }
}

/**
 * Sends a request of `node:http` and reads the answer. Follows no redirect.
 *
 * @param outgoing Not yet ended, with `maxHeaderSize` set to {@link MAX_HEADER_BYTES}.
 * @throws {Error} There is no answer, or it exceeds a limit.
 */
export function exchange(outgoing: ClientRequest, options: ExchangeOptions): Promise<ExchangeAnswer> {
  const { maxBodyBytes = MAX_BODY_BYTES } = options
  return withLimits<ExchangeAnswer>(outgoing, options, (resolve, fail) => {
    const close = (): void => fail(closedByOther())
    outgoing.once('close', close)
    outgoing.once('upgrade', (_response, socket) => {
      // Without an error, because the socket has no listener for it anymore.
      socket.destroy()
      fail(new Error('the answer changes the protocol'))
    })
    outgoing.once('response', (response: IncomingMessage) => {
      // The request may close before the end event of a complete answer.
      outgoing.off('close', close)
      const pieces: Buffer[] = []
      let length = 0
      response.on('error', fail)
      response.once('close', close)
      response.on('data', (piece: Buffer) => {
        length += piece.length
        if (length > maxBodyBytes) fail(new AnswerTooLong(maxBodyBytes))
        else pieces.push(piece)
      })
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        if (response.complete) resolve({ statusCode, headers, body: Buffer.concat(pieces) })
      })
    })
  })
}

/** The answer of a proxy to CONNECT. */
interface TunnelAnswer {
  readonly statusCode: number
  /** The bytes after the headers. */
  readonly head: Buffer
}

/**
 * Sends a CONNECT request of `node:http`, whose connection is the tunnel afterwards.
 *
 * @param outgoing As for {@link exchange}.
 * @throws {Error} There is no answer, or it exceeds a limit.
 */
export function exchangeConnect(outgoing: ClientRequest, options: ExchangeOptions): Promise<TunnelAnswer> {
  return withLimits<TunnelAnswer>(outgoing, options, (resolve, fail) => {
    outgoing.once('close', () => fail(closedByOther()))
    outgoing.once('connect', ({ statusCode = 0 }, _socket, head: Buffer) => resolve({ statusCode, head }))
  })
}
