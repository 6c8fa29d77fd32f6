import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { setImmediate } from 'node:timers/promises'

/** Frame types, and a flag, of RFC 9113 section 6. */
const [HEADERS, SETTINGS, CONTINUATION] = [0x1, 0x4, 0x9]
const END_STREAM_AND_HEADERS = 0x5

/** The largest payload of a frame by default. */
const FRAME_BYTES = 16_384

/** The stream with endless headers. */
const STREAM = 3

function frame(kind: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(kind, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A header that is not added to a table (RFC 7541 section 6.2.2). */
function literal(name: string, value: string): Buffer {
  return Buffer.from(`\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`)
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const REQUEST = Buffer.concat([
  literal(':method', 'GET'),
  literal(':scheme', 'https'),
  literal(':path', '/healthz'),
  literal(':authority', 'localhost'),
])

/** Headers without an end: the first frame, and the repeated one. */
export interface EndlessHeaders {
  readonly beginning: Buffer
  readonly again: Buffer
}

function endless(beginning: Buffer, again: Buffer): EndlessHeaders {
  return {
    beginning: frame(HEADERS, 0, STREAM, Buffer.concat([REQUEST, beginning])),
    again: frame(CONTINUATION, 0, STREAM, again),
  }
}

const NONE = Buffer.alloc(0)

export const endlessHeaders = {
  /** Header after header. */
  more: endless(NONE, Buffer.concat(Array.from({ length: 128 }, () => literal('x-more', 'v'.repeat(113))))),
  /** Empty frames. */
  empty: endless(NONE, NONE),
  /** One value with a declared length of 128 MiB. */
  longValue: endless(Buffer.from([0, 1, 0x78, 0x7f, 0x81, 0xff, 0xff, 0x3f]), Buffer.alloc(FRAME_BYTES, 'v')),
  /** A value of 4,000 bytes in the table, referenced by each further byte. */
  fromTable: endless(
    Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 'v')]),
    Buffer.alloc(FRAME_BYTES, 0xbe),
  ),
} as const satisfies Record<string, EndlessHeaders>

interface Place {
  readonly port: number
  /** PEM. */
  readonly certificate: string
}

/** Sends one request with exactly these headers over HTTP/2, valid or not. */
export function sendHeaders({ port, certificate }: Place, headers: readonly (readonly [string, string])[]): TLSSocket {
  const reach = { port, host: '127.0.0.1', servername: 'localhost', ca: certificate }
  const socket = connect({ ...reach, ALPNProtocols: ['h2'] }).on('error', () => undefined)
  const block = Buffer.concat(headers.map(([name, value]) => literal(name, value)))
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, NONE), frame(HEADERS, END_STREAM_AND_HEADERS, 1, block)]))
  return socket
}

/** Sends one valid request over HTTP/2 and starts another, with incomplete headers. */
export async function beginHeaders({ port, certificate }: Place, { beginning }: EndlessHeaders): Promise<TLSSocket> {
  const reach = { port, host: '127.0.0.1', servername: 'localhost', ca: certificate }
  const socket = connect({ ...reach, ALPNProtocols: ['h2'] }).on('error', () => undefined)
  const answered = new Promise<void>((resolve) => {
    socket.once('close', resolve).on('data', (piece: Buffer) => {
      if (piece.includes('ok')) resolve()
    })
  })
  const sound = frame(HEADERS, END_STREAM_AND_HEADERS, 1, REQUEST)
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, NONE), sound]))
  await answered
  socket.write(beginning)
  return socket
}

/** Sends the rest without an end, as fast as it is accepted, until the connection is closed. */
export async function floodHeaders(socket: TLSSocket, { again }: EndlessHeaders): Promise<void> {
  const closed = once(socket, 'close').catch(() => undefined)
  const pieces = Buffer.concat(Array.from({ length: again.length < 100 ? 1_000 : 4 }, () => again))
  while (!socket.destroyed) {
    if (!socket.write(pieces)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
    await setImmediate()
  }
}
