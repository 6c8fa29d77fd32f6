import { reasons, Refusal } from '../../src/errors/reasons.ts'
import { test } from 'tap'

void test('the table of reasons: dashboards, alerts and the API server depend on it', async (t) => {
  const registry = Object.entries(reasons).map(([code, { status, result }]) => `${code} ${status} ${result}`)
  t.same(registry, [
    'method_not_allowed 405 malformed_request',
    'malformed_request 400 malformed_request',
    'unsupported_audience 200 invalid_token',
    'malformed_token 200 invalid_token',
    'wrong_host 200 invalid_token',
    'expired 200 invalid_token',
    'clock_ahead 200 invalid_token',
    'untrusted_issuer 200 invalid_token',
    'untrusted_account 200 invalid_token',
    'wrong_audience 200 invalid_token',
    'unknown_signing_key 200 invalid_token',
    'keys_unavailable 503 invalid_token',
    'bad_signature 200 sts_error',
    'unknown_key 200 sts_error',
    'sts_refused 200 sts_error',
    'sts_throttled 429 sts_throttling',
    'sts_unreachable 502 sts_error',
    'sts_bad_answer 502 sts_error',
    'overloaded 429 sts_error',
    'unsupported_identity 200 sts_error',
    'not_mapped 200 uknown_user',
    'template 200 uknown_user',
    'reserved_username 200 uknown_user',
    'ec2_unavailable 502 uknown_user',
    'backend_unavailable 503 uknown_user',
  ])
})

void test('a refusal is a value, not an error', async (t) => {
  const refusal = new Refusal('expired', 'too old')
  t.match(refusal, { reason: 'expired', message: 'too old', retryAfterSeconds: 1 })
  t.equal(new Refusal('overloaded', 'too much', 7).retryAfterSeconds, 7)
  t.notOk(refusal instanceof Error)
})
