import { encodeToken, hasTokenPrefix } from '../../src/token/codec.ts'
import { Refusal } from '../../src/errors/reasons.ts'
import { test } from 'tap'
import { decodeToken } from '../../src/token/codec.ts'

const URL_TEXT = 'https://sts.amazonaws.com/?Action=GetCallerIdentity'

void test('URLs and tokens correspond one to one', async (t) => {
  const token = encodeToken(URL_TEXT)
  t.equal(token, `k8s-aws-v1.${Buffer.from(URL_TEXT).toString('base64url')}`)
  t.equal(decodeToken(token), URL_TEXT)
  t.equal(decodeToken(encodeToken('\u00ff\u0000')), '\u00ff\u0000', 'one character for each byte')
})

void test('the prefix is exact', async (t) => {
  t.ok(hasTokenPrefix('k8s-aws-v1.'))
  for (const token of ['', 'k8s-aws-v1', 'K8S-AWS-V1.x', ' k8s-aws-v1.x', 'k8s-aws-v2.x']) {
    t.notOk(hasTokenPrefix(token))
    t.match(decodeToken(token), { reason: 'malformed_token' })
  }
})

void test('16 KiB are accepted, one byte more is rejected', async (t) => {
  const longest = encodeToken('A'.repeat(12_279))
  t.equal(longest.length, 16 * 1024 - 1, 'no token is 16 KiB to the byte')
  t.type(decodeToken(longest), 'string')
  t.ok(decodeToken(encodeToken('A'.repeat(12_280))) instanceof Refusal)
})

const messageOf = (token: string): string => {
  const decoded = decodeToken(token)
  return decoded instanceof Refusal ? decoded.message : ''
}

void test('the prefix is checked first, then the size, then the alphabet', async (t) => {
  const long = '%'.repeat(17_000)
  t.not(messageOf(`k8s-aws-v1.${long}`), messageOf('k8s-aws-v1.%'))
  t.equal(messageOf(long), messageOf('x'))
})

void test('only canonical base64url without padding is accepted', async (t) => {
  for (const encoded of [
    '',
    '=',
    'YQ==',
    'YQ=',
    'YR',
    'YWJ=',
    'YWK',
    'Y',
    'YWJjZ',
    '+/+/',
    'YQ\n',
    ' YQ',
    'Y Q',
    'Y\u00e9',
  ]) {
    t.match(decodeToken(`k8s-aws-v1.${encoded}`), { reason: 'malformed_token' }, JSON.stringify(encoded))
  }
})
