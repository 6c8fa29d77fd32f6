import { reasons } from '../../src/errors/reasons.ts'
import { refusalOfStsError } from '../../src/identity/sts-error.ts'
import { test } from 'tap'

const json = (code: string, message = ''): string =>
  JSON.stringify({ Error: { Code: code, Message: message, Type: 'Sender' } })
const xml = (code: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code></Error></ErrorResponse>`

void test('the reason for each STS error code, in JSON and in XML', async (t) => {
  for (const [code, reason] of [
    ['SignatureDoesNotMatch', 'bad_signature'],
    ['InvalidClientTokenId', 'unknown_key'],
    ['ExpiredToken', 'expired'],
    ['ExpiredTokenException', 'expired'],
    ['RequestExpired', 'expired'],
    ['AccessDenied', 'sts_refused'],
    ['MissingAuthenticationToken', 'sts_refused'],
    ['IncompleteSignature', 'sts_refused'],
    ['RegionDisabledException', 'sts_refused'],
    ['constructor', 'sts_refused'],
  ] as const) {
    t.equal(refusalOfStsError(403, json(code)).reason, reason, code)
    t.equal(refusalOfStsError(400, xml(code)).reason, reason, `${code} in XML`)
  }
})

const reasonOf = (message: string): string => refusalOfStsError(403, json('SignatureDoesNotMatch', message)).reason

void test('signatures that are too old or too new have the same code as wrong ones', async (t) => {
  t.equal(reasonOf('Signature expired: 20260301T000000Z is now earlier than 20260301T001500Z'), 'expired')
  t.equal(reasonOf('Signature not yet current: 20260301T010000Z is still later than 20260301T000500Z'), 'clock_ahead')
  t.equal(reasonOf('The request signature we calculated does not match'), 'bad_signature')
})

void test('throttling, by code or status, whatever else the answer contains', async (t) => {
  t.equal(refusalOfStsError(400, json('Throttling', 'Rate exceeded')).reason, 'sts_throttled')
  t.equal(refusalOfStsError(403, 'ThrottlingException').reason, 'sts_throttled')
  t.equal(refusalOfStsError(503, json('Throttling')).reason, 'sts_throttled')
  t.equal(refusalOfStsError(429, '').reason, 'sts_throttled')
})

void test('an STS answer without a verdict on the token is an error, which is never cached', async (t) => {
  for (const status of [500, 502, 503, 504])
    t.equal(refusalOfStsError(status, json('InternalFailure')).reason, 'sts_unreachable')
  for (const status of [301, 302, 307, 308]) t.equal(refusalOfStsError(status, '').reason, 'sts_bad_answer')
  for (const [status, body] of [
    [403, '<html><title>Blocked by the proxy</title></html>'],
    [407, ''],
    [404, 'not found'],
    [403, '{"Error":{"Code":""}}'],
  ] as const) {
    t.not(reasons[refusalOfStsError(status, body).reason].status, 200, `${status} ${body}`)
  }
})

void test('only a safe code is shown, and nothing else of the answer', async (t) => {
  const shown = refusalOfStsError(403, json('SignatureDoesNotMatch', 'X-Amz-Signature=hidden AKIAEXAMPLE')).message
  t.match(shown, 'SignatureDoesNotMatch')
  t.notMatch(shown, /hidden|AKIAEXAMPLE/)
  for (const code of ['a b', 'x\ny', 'hidden\u001b[2K', 's'.repeat(65), 'AKIA/hidden']) {
    t.notMatch(refusalOfStsError(403, xml(code)).message, /hidden|\n|sss/, JSON.stringify(code))
  }
})

void test('a hostile body takes linear time', async (t) => {
  for (const body of [
    '<Code>'.repeat(50_000),
    '"Code":"'.repeat(50_000),
    `"Code"${' '.repeat(200_000)}`,
    '"Code" '.repeat(50_000),
  ]) {
    t.type(refusalOfStsError(403, body).reason, 'string')
  }
})
