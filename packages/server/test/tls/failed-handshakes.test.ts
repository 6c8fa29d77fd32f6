import { Socket } from 'node:net'
import { test } from 'tap'
import { createFailedHandshakes, MAX_CAUSES } from '../../src/tls/failed-handshakes.ts'
import { recordedLog } from '../recorded-log.ts'

function failure(code: string): Error {
  return Object.assign(new Error('not for the log'), { code })
}

void test('each cause of failed handshakes has one line a minute, with the number of failures', (t) => {
  let now = 0
  const { log, lines } = recordedLog()
  const failed = createFailedHandshakes({ log, now: () => now, onFailed: () => undefined })
  for (; now < 130_000; now += 10) failed(failure('ERR_SSL_HTTP_REQUEST'), new Socket())
  failed(failure('ERR_SSL_NO_SHARED_CIPHER'), new Socket())
  t.same(
    lines.map(({ level, fields }) => [level, fields]),
    [
      ['warn', { client: 'unknown', error: 'ERR_SSL_HTTP_REQUEST', count: 1 }],
      ['warn', { client: 'unknown', error: 'ERR_SSL_HTTP_REQUEST', count: 6_000 }],
      ['warn', { client: 'unknown', error: 'ERR_SSL_HTTP_REQUEST', count: 6_000 }],
      ['warn', { client: 'unknown', error: 'ERR_SSL_NO_SHARED_CIPHER', count: 1 }],
    ],
  )
  t.end()
})

void test('invented causes fill neither the log nor the memory, and suppressed ones are counted', (t) => {
  let now = 0
  const { log, lines } = recordedLog()
  const failed = createFailedHandshakes({ log, now: () => now, onFailed: () => undefined })
  for (let cause = 0; cause < 256; cause += 1) failed(failure(`ERR_SSL_${cause}`), new Socket())
  t.equal(lines.length, 10)
  now = 1_000
  failed(failure(`ERR_SSL_${MAX_CAUSES - 1}`), new Socket())
  t.match(lines[10], { fields: { error: `ERR_SSL_${MAX_CAUSES - 1}`, count: 2 } })
  now = 2_000
  failed(failure(`ERR_SSL_${MAX_CAUSES}`), new Socket())
  t.match(lines[11], { fields: { error: 'other', count: 256 - MAX_CAUSES + 1 } })
  t.end()
})

void test('a client that disconnects has no line', (t) => {
  const { log, lines } = recordedLog()
  const failed = createFailedHandshakes({ log, now: () => 0, onFailed: () => undefined })
  for (const error of [failure('ECONNRESET'), new Error('no code'), undefined]) failed(error, new Socket())
  t.same(lines, [])
  t.end()
})

void test('each failure is reported with its cause, and a bounded number of codes', (t) => {
  const { log } = recordedLog()
  const reported: (readonly [string, string])[] = []
  const failed = createFailedHandshakes({ log, now: () => 0, onFailed: (...each) => reported.push(each) })
  // The first two are the codes of OpenSSL and of BoringSSL for one alert.
  const causes = {
    'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'certificate_refused',
    ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'certificate_refused',
    ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'certificate_refused',
    ERR_SSL_HTTP_REQUEST: 'not_tls',
    ERR_SSL_UNSUPPORTED_PROTOCOL: 'no_common_protocol',
    ERR_SSL_BAD_DECRYPT: 'other',
  }
  for (const code of Object.keys(causes)) failed(failure(code), new Socket())
  t.same(
    reported,
    Object.entries(causes).map(([code, cause]) => [cause, code]),
  )
  for (let code = 0; code < MAX_CAUSES * 2; code += 1) failed(failure(`ERR_SSL_${code}`), new Socket())
  t.ok(new Set(reported.map(([, code]) => code)).size <= MAX_CAUSES + 1)
  t.end()
})
