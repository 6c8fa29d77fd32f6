import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'

/** The answer of a server to a client that has sent its request. */
export type Answer = (socket: Socket) => Promise<void> | void

const SECRET = 'a-secret-of-the-role'
const DOCUMENT = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLEROLEROLEROLE</AccessKeyId><SecretAccessKey>${SECRET}</SecretAccessKey>
<SessionToken>a-session-of-the-role</SessionToken><Expiration>${new Date(Date.now() + 900_000).toISOString()}</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`

/** Texts that no message may contain. */
export const SECRETS: readonly string[] = [SECRET, 'a-session-of-the-role', USER.secretAccessKey, 'Signature=']

const KIB = 1024
const MOST = 256 * KIB
const OK = 'HTTP/1.1 200 OK\r\n'
const ENDS = `content-length: ${DOCUMENT.length}\r\n\r\n${DOCUMENT}`
const INTERIM = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n'

/** The time between two bytes of a slow server, in milliseconds. */
const PAUSE_MS = 400

function says(text: string | Buffer): Answer {
  return (socket) => void socket.end(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle)
      resolve()
    }
    socket.once('drain', settle).once('close', settle)
  })
}

/** Sends the first text, then the second repeatedly, as fast as it is read. */
function floods(before: string, piece: string): Answer {
  const much = Buffer.from(piece.repeat(Math.ceil((64 * KIB) / piece.length)), 'latin1')
  return async (socket) => {
    socket.write(before, 'latin1')
    while (!socket.destroyed) {
      if (!socket.write(much)) await drained(socket)
    }
  }
}

function trickles(text: string): Answer {
  return async (socket) => {
    for (let at = 0; !socket.destroyed; at += 1) {
      socket.write(text[at] ?? 'x')
      await wait(PAUSE_MS)
    }
  }
}

function withSpaces(count: number, end: string): Answer {
  return says(`${OK}x-pad:${' '.repeat(count)}${end}\r\ncontent-length: 4\r\n\r\nnone`)
}

/** Valid answers, as large as the limits allow. Each gives a token. */
export const GOOD: ReadonlyMap<string, Answer> = new Map([
  ['plain', says(`${OK}${ENDS}`)],
  ['without a length', says(`${OK}\r\n${DOCUMENT}`)],
  ['16 interim answers', says(`${INTERIM.repeat(16)}${OK}${ENDS}`)],
  ['15 KiB of headers', says(`${OK}x-pad: ${'a'.repeat(15 * KIB)}\r\n${ENDS}`)],
  ['3,000 spaces', says(`${OK}x-pad:${' '.repeat(3000)}a\r\n${ENDS}`)],
  ['256 KiB', says(`${OK}content-length: ${MOST}\r\n\r\n${DOCUMENT}${' '.repeat(MOST - DOCUMENT.length)}`)],
  [
    'in chunks',
    says(
      `${OK}transfer-encoding: chunked\r\n\r\n${DOCUMENT.length.toString(16)};a=b\r\n${DOCUMENT}\r\n0\r\nx-trailer: a\r\n\r\n`,
    ),
  ],
])

/** Endless answers, slower than the deadline of a call. */
export const ENDLESS_AND_SLOW: ReadonlyMap<string, Answer> = new Map([
  ['nothing', () => undefined],
  ['slow headers', trickles(`${OK}x-pad: `)],
  ['slow body', trickles(`${OK}\r\n`)],
  ['slow interim answers', trickles(INTERIM.repeat(4))],
  [
    'less than its length, and no end',
    (socket): void => void socket.write(`${OK}content-length: ${DOCUMENT.length + 1}\r\n\r\n${DOCUMENT}`),
  ],
])

/** Endless answers, as fast as the client reads. */
export const FLOODS: ReadonlyMap<string, Answer> = new Map([
  ['endless body', floods(`${OK}\r\n`, 'x')],
  ['endless body, with a length', floods(`${OK}content-length: 999999999999\r\n\r\n`, 'x')],
  ['endless chunks', floods(`${OK}transfer-encoding: chunked\r\n\r\n`, `400\r\n${'x'.repeat(KIB)}\r\n`)],
  ['endless small chunks', floods(`${OK}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n')],
  ['endless chunk extension', floods(`${OK}transfer-encoding: chunked\r\n\r\n1;`, 'a')],
  ['endless chunk extensions', floods(`${OK}transfer-encoding: chunked\r\n\r\n`, `1;${'a'.repeat(KIB)}\r\nx\r\n`)],
  ['endless chunk size', floods(`${OK}transfer-encoding: chunked\r\n\r\n`, '0')],
  ['endless trailers', floods(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x-trailer: a\r\n')],
  ['endless headers', floods(OK, 'x-more: a\r\n')],
  ['endless header', floods(`${OK}x-pad: `, 'a')],
  ['endless header name', floods(OK, 'a')],
  ['endless spaces in a header', floods(`${OK}x-pad:`, ' ')],
  ['endless folded header', floods(`${OK}x-pad: a\r\n`, ' \r\n')],
  ['endless reason', floods('HTTP/1.1 200 ', 'a')],
  ['endless interim answers', floods('', INTERIM)],
  ['endless "100 Continue"', floods('', 'HTTP/1.1 100 Continue\r\n\r\n')],
  ['endless empty lines', floods('', '\r\n')],
  ['endless garbage', floods('', '\0\xff\x01garbage')],
])

/** Complete, invalid answers. */
export const WRONG: ReadonlyMap<string, Answer> = new Map([
  ['a header of 3,000 spaces', withSpaces(3000, '\x01')],
  ['a header of 100,000 spaces', withSpaces(100_000, '\x01')],
  ['100,000 spaces and nothing', withSpaces(100_000, '')],
  ['17 KiB of headers', says(`${OK}x-pad: ${'a'.repeat(17 * KIB)}\r\n${ENDS}`)],
  ['17 interim answers', says(`${INTERIM.repeat(17)}${OK}${ENDS}`)],
  [
    'more than 256 KiB',
    says(`${OK}content-length: ${MOST + 1}\r\n\r\n${DOCUMENT}${' '.repeat(MOST + 1 - DOCUMENT.length)}`),
  ],
  ['a length that is too short', says(`${OK}content-length: ${DOCUMENT.length - 1}\r\n\r\n${DOCUMENT}`)],
  ['a length that is too long', says(`${OK}content-length: ${DOCUMENT.length + 1}\r\n\r\n${DOCUMENT}`)],
  ['two lengths', says(`${OK}content-length: 4\r\n${ENDS}`)],
  ['the length twice', says(`${OK}content-length: ${DOCUMENT.length}\r\n${ENDS}`)],
  ['a list of lengths', says(`${OK}content-length: ${DOCUMENT.length}, ${DOCUMENT.length}\r\n\r\n${DOCUMENT}`)],
  ['a negative length', says(`${OK}content-length: -1\r\n\r\n${DOCUMENT}`)],
  ['a length with a sign', says(`${OK}content-length: +${DOCUMENT.length}\r\n\r\n${DOCUMENT}`)],
  ['a length in hexadecimal', says(`${OK}content-length: 0x10\r\n\r\n${DOCUMENT}`)],
  ['a length beyond 64 bits', says(`${OK}content-length: 99999999999999999999999\r\n\r\n${DOCUMENT}`)],
  ['a length and chunks', says(`${OK}transfer-encoding: chunked\r\n${ENDS}`)],
  ['a chunk of a wrong size', says(`${OK}transfer-encoding: chunked\r\n\r\n4\r\n${DOCUMENT}\r\n0\r\n\r\n`)],
  ['a chunk of a negative size', says(`${OK}transfer-encoding: chunked\r\n\r\n-4\r\n${DOCUMENT}\r\n0\r\n\r\n`)],
  ['a chunk beyond 64 bits', says(`${OK}transfer-encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\n${DOCUMENT}`)],
  ['HTTP/0.9', says(DOCUMENT)],
  ['HTTP/2', says('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['an HTTP version of the future', says(`HTTP/9.9 200 OK\r\n${ENDS}`)],
  ['SSH', says('SSH-2.0-OpenSSH_9.9\r\n')],
  ['binary garbage', says(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 167) % 256)))],
  ['another protocol', says('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')],
  ['a status that is none', says(`HTTP/1.1 2000 OK\r\n${ENDS}`)],
  ['a reset', (socket): void => void socket.destroy()],
  ['an end', says('')],
  ['an end in the headers', says(`${OK}content-le`)],
  ['an end in the body', says(`${OK}${ENDS.slice(0, -1)}`)],
  ['an end in a chunk', says(`${OK}transfer-encoding: chunked\r\n\r\nff\r\n${DOCUMENT}`)],
  ['an end after an interim answer', says(INTERIM)],
])

/** Redirects. */
export function redirectsTo(url: string): Answer {
  return says(`HTTP/1.1 307 Temporary Redirect\r\nlocation: ${url}\r\n${ENDS}`)
}

/** Opens a tunnel, as a proxy does, and answers the requests in it. */
export function inTunnel(answer: Answer): Answer {
  return (socket) => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.once('data', () => void answer(socket))
  }
}

/** Server bytes instead of a TLS handshake. Records start with their type, version and length. */
export const IN_PLACE_OF_TLS: ReadonlyMap<string, Answer> = new Map([
  ['nothing', () => undefined],
  ['an end', says('')],
  ['plain HTTP', says(`${OK}${ENDS}`)],
  ['endless garbage', floods('', '\0\xff\x01garbage')],
  ['endless warnings', floods('', '\x15\x03\x03\0\x02\x01\x5a')],
  ['endless empty records', floods('', '\x16\x03\x03\0\0')],
  ['an endless handshake message', floods('\x16\x03\x03\0\x04\x02\xff\xff\xff', '\x16\x03\x03\0\x04aaaa')],
])
