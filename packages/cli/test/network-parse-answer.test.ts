import { test } from 'tap'
import { parseAnswer, type ParsedAnswer } from '../src/network/parse-answer.ts'

const MAX = 1024 * 1024

function parse(text: string, isOver = false): ParsedAnswer | undefined {
  return parseAnswer(Buffer.from(text, 'latin1'), isOver)
}

/** An answer as it is used; its length is said in one of three ways. */
const ANSWERS: readonly (readonly [text: string, status: number, body: string, staysOpen: boolean])[] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 'hello', true],
  ['HTTP/1.1 403\r\ncontent-length:0\r\n\r\n', 403, '', true],
  ['HTTP/1.1 200 OK\r\nConnection: Keep-Alive, close\r\nContent-Length: 1\r\n\r\n.', 200, '.', false],
  ['HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n.', 200, '.', false],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n', 200, 'hello', true],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0A\r\n0123456789\r\n0\r\nx: y\r\n\r\n',
    200,
    '0123456789',
    true,
  ],
  [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nlink: a\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n!',
    500,
    '!',
    true,
  ],
  ['HTTP/1.1 204 No Content\r\n\r\n', 204, '', true],
]

void test('an answer is whole with its last byte, and not before', (t) => {
  for (const [text, statusCode, body, staysOpen] of ANSWERS) {
    for (let length = 0; length < text.length; length += 1) {
      t.equal(parse(text.slice(0, length)), undefined, `${length} of ${JSON.stringify(text)}`)
    }
    const answer = parse(text)
    t.match({ ...answer, body: answer?.body.toString() }, { statusCode, body, staysOpen }, text)
  }
  t.end()
})

void test('an answer without a length ends with the connection', (t) => {
  const text = 'HTTP/1.1 200 OK\r\n\r\nhello'
  t.equal(parse(text), undefined)
  t.match(parse(text, true), { statusCode: 200, staysOpen: false })
  t.equal(parse(text, true)?.body.toString(), 'hello')
  t.equal(parse('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello', true), undefined, 'one that is cut is not whole')
  t.equal(parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', true), undefined)
  t.end()
})

void test('headers have lower-case names, and those that come twice are joined', (t) => {
  const answer = parse(
    'HTTP/1.1 200 OK\r\nDate: \t now \t\r\nA: 1\r\na: 2\r\n__proto__: x\r\nContent-Length: 0\r\n\r\n',
  )
  t.strictSame(Object.entries(answer?.headers ?? {}), [
    ['date', 'now'],
    ['a', '1, 2'],
    ['__proto__', 'x'],
    ['content-length', '0'],
  ])
  t.end()
})

void test('a connection with bytes that nobody asked for is not used again', (t) => {
  t.match(parse('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.HTTP/1.1 200 OK\r\n'), { staysOpen: false })
  t.match(parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n!'), { staysOpen: false })
  t.end()
})

void test('what is no answer', (t) => {
  const ok = 'HTTP/1.1 200 OK\r\n'
  const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`
  const rows = [
    'SSH-2.0-x\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 200 OK\n\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    `${ok}no header\r\n\r\n`,
    `${ok}: none\r\n\r\n`,
    `${ok}a : b\r\n\r\n`,
    `${ok}a: b\r\n folded\r\n\r\n`,
    `${ok}a: b\0c\r\n\r\n`,
    `${ok}a: b\rc: d\r\n\r\n`,
    `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    `${ok}Content-Length: +5\r\n\r\nhello`,
    `${ok}Content-Length: 0x5\r\n\r\nhello`,
    `${ok}Content-Length: \r\n\r\n`,
    `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${chunked}x\r\n`,
    `${chunked}-1\r\n`,
    `${chunked}\r\n`,
    `${chunked}1 2\r\n`,
    `${chunked}1\r\nab\r\n0\r\n\r\n`,
    `${chunked}${'0'.repeat(1025)}`,
    `${chunked}0\r\n${'a: b\r\n'.repeat(20_000)}`,
    `${ok}${'a: b\r\n'.repeat(20_000)}`,
    'x'.repeat(64 * 1024),
  ]
  for (const row of rows) t.throws(() => parse(row), /no HTTP\/1\.1/, JSON.stringify(row.slice(0, 80)))
  t.end()
})

void test('an answer may be 1 MiB long, and no longer', (t) => {
  const ok = 'HTTP/1.1 200 OK\r\n'
  const tooLong = { message: /longer than 1048576 bytes/ }
  t.equal(parse(`${ok}Content-Length: ${MAX}\r\n\r\n${'.'.repeat(MAX)}`)?.body.length, MAX)
  t.throws(() => parse(`${ok}Content-Length: ${MAX + 1}\r\n\r\n`), tooLong)
  t.throws(() => parse(`${ok}Transfer-Encoding: chunked\r\n\r\n100001\r\n`), tooLong)
  t.throws(() => parse(`${ok}\r\n${'.'.repeat(MAX + 1)}`), tooLong)
  t.end()
})
