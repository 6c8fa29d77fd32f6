import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import t from 'tap'
import { sendHeaders } from './harness/http2-frames.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

type Headers = readonly (readonly [string, string])[]

const PLACE = [
  [':scheme', 'https'],
  [':authority', 'localhost'],
] as const

const HTTP2: Readonly<Record<string, Headers>> = {
  'no header': [],
  'no method': [...PLACE, [':path', '/authenticate']],
  'no path': [...PLACE, [':method', 'POST']],
  'an empty path': [...PLACE, [':method', 'POST'], [':path', '']],
  'two paths': [...PLACE, [':method', 'POST'], [':path', '/healthz'], [':path', '/authenticate']],
  'no scheme': [
    [':method', 'POST'],
    [':path', '/authenticate'],
    [':authority', 'localhost'],
  ],
  'no authority': [
    [':method', 'POST'],
    [':path', '/authenticate'],
    [':scheme', 'https'],
  ],
  'a star': [...PLACE, [':method', 'OPTIONS'], [':path', '*']],
  'a path without a slash': [...PLACE, [':method', 'POST'], [':path', 'authenticate']],
  'a URL for a path': [...PLACE, [':method', 'POST'], [':path', 'https://localhost/authenticate']],
  CONNECT: [
    [':method', 'CONNECT'],
    [':authority', 'localhost:443'],
  ],
  'CONNECT with a path': [...PLACE, [':method', 'CONNECT'], [':path', '/authenticate']],
  'CONNECT for a protocol': [...PLACE, [':method', 'CONNECT'], [':path', '/authenticate'], [':protocol', 'websocket']],
  'an empty method': [...PLACE, [':method', ''], [':path', '/authenticate']],
  'a length that is no number': [...PLACE, [':method', 'POST'], [':path', '/authenticate'], ['content-length', 'x']],
  'a length that is not so': [...PLACE, [':method', 'POST'], [':path', '/authenticate'], ['content-length', '7']],
  'a wish to go on': [...PLACE, [':method', 'POST'], [':path', '/authenticate'], ['expect', '100-continue']],
  'an upgrade': [...PLACE, [':method', 'GET'], [':path', '/authenticate'], ['connection', 'upgrade'], ['upgrade', 'x']],
}

const HTTP1: Readonly<Record<string, string>> = {
  CONNECT: 'CONNECT localhost:443 HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'a URL for a path': 'POST https://localhost/authenticate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n',
  'a star': 'OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'an upgrade': 'GET /authenticate HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  'an upgrade to HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a wish to go on':
    'POST /authenticate HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}',
  'a wish for something else':
    'POST /authenticate HTTP/1.1\r\nhost: localhost\r\nexpect: x\r\ncontent-length: 2\r\n\r\n{}',
  'two lengths': 'POST /authenticate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
  'length and chunks':
    'POST /authenticate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'half a body': 'POST /authenticate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 200\r\n\r\n{}',
  'no version': 'POST /authenticate\r\n\r\n',
  'no HTTP': '\0\x01\x02'.repeat(100),
}

function sendText({ port, certificate }: TestServer, text: string) {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate })
  socket.on('error', () => undefined).write(Buffer.from(text, 'latin1'))
  return socket
}

t.test('unusual requests lead to no login, and the server continues', async (t) => {
  const server = await startTestServer(t, { aws: await startAws(t), configuration: USER_CONFIGURATION })
  const token = userToken()
  const sent = [
    ...Object.entries(HTTP2).map(([name, headers]) => [`HTTP/2, ${name}`, () => sendHeaders(server, headers)] as const),
    ...Object.entries(HTTP1).map(([name, text]) => [`HTTP/1.1, ${name}`, () => sendText(server, text)] as const),
  ]
  for (const [name, send] of sent) {
    const socket = send()
    let came = ''
    socket.on('data', (piece: Buffer) => (came += piece.toString('latin1')))
    const closed = once(socket, 'close').catch(() => undefined)
    await Promise.race([closed, sleep(150)])
    // The client disconnects during the request if it is not answered.
    socket.destroy()
    await closed
    t.notMatch(came, /"authenticated":true/, name)
    t.equal(verdict(await server.review(token)), true, `${name}: the server is well`)
  }
})
