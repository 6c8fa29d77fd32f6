import { assert, constantFrom, integer, nat, property, string } from 'fast-check'
import { test } from 'tap'
import { AwsError } from './aws-error.ts'
import { parseAuthentication } from './authentication.ts'
import { canonicalRequest, sha256Hex } from './canonical-request.ts'
import { presign, signHeaders, type Signer, type Unsigned } from './sign.ts'
import { verifySignature } from './sigv4.ts'
import { signature, signingKey } from './signing-key.ts'
import { stringToSign } from './string-to-sign.ts'
import type { WireRequest } from './wire.ts'

/** The examples that AWS publishes: its Signature Version 4 test suite, and the S3 and IAM documentation. */
const SUITE_SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const S3_SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const SUITE_DATE = '20150830T123600Z'
const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const NOW = new Date('2026-01-02T03:04:05Z')
const NEVER = new AbortController().signal
/** Computed by botocore 1.43 for the same request, key and time. */
const GOLDEN_SIGNATURE = 'dc963a1f45ce57e43d92089a8212c5e94a4ce1576bb68f944451cc6b97844b9a'
const HOST = 'sts.eu-central-1.amazonaws.com'
const SIGNER: Signer = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: S3_SECRET,
  region: 'eu-central-1',
  service: 'sts',
  date: NOW,
}

interface SuiteVector {
  readonly name: string
  readonly signature: string
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
}

const SUITE: readonly SuiteVector[] = [
  { name: 'get-vanilla', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  {
    name: 'get-vanilla-query-order-key-case',
    query: 'Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'get-vanilla-query-order-value',
    query: 'Param1=value2&Param1=value1',
    signature: '5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694',
  },
  {
    name: 'get-vanilla-query-unreserved',
    query: `${UNRESERVED}=${UNRESERVED}`,
    signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  },
  {
    name: 'get-vanilla-empty-query-key',
    query: 'Param1=value1',
    signature: 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  },
  {
    name: 'get-header-key-duplicate',
    headers: [['my-header1', 'value2,value2,value1']],
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  {
    name: 'get-header-value-trim',
    headers: [
      ['my-header1', ' value1'],
      ['my-header2', ' "a   b   c"'],
    ],
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    headers: [['content-type', 'application/x-www-form-urlencoded']],
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
]

void test('the published vectors', (t) => {
  for (const vector of SUITE) {
    const headers = new Map([...(vector.headers ?? []), ['host', 'example.amazonaws.com'], ['x-amz-date', SUITE_DATE]])
    const names = [...headers.keys()].sort().join(';')
    const credential = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'
    headers.set(
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${vector.signature}`,
    )
    const { name, method = 'GET', path = '/', query = '', body = '' } = vector
    const request = { method, host: 'example.amazonaws.com', path, query, headers, body, signal: NEVER }
    t.equal(verdict(request, SUITE_SECRET, 'service', new Date('2015-08-30T12:36:00Z')), 'good', name)
    t.equal(verdict(request, S3_SECRET, 'service', new Date('2015-08-30T12:36:00Z')), 'SignatureDoesNotMatch', name)
  }
  t.end()
})

void test('the presigned GET of the S3 documentation', (t) => {
  const scope = { day: '20130524', region: 'us-east-1', service: 's3' }
  const canonical = canonicalRequest({
    method: 'GET',
    path: '/test.txt',
    query:
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
      '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host',
    headers: new Map([['host', 'examplebucket.s3.amazonaws.com']]),
    signedHeaders: ['host'],
    payloadHash: 'UNSIGNED-PAYLOAD',
  })
  t.equal(sha256Hex(canonical), '3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04')
  const text = stringToSign('20130524T000000Z', scope, canonical)
  t.equal(
    signature(signingKey(S3_SECRET, scope), text),
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  )
  t.end()
})

void test('the signing key of the IAM documentation', (t) => {
  const key = signingKey(SUITE_SECRET, { day: '20150830', region: 'us-east-1', service: 'iam' })
  t.equal(key.toString('hex'), 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9')
  t.end()
})

void test('a golden presigned URL of STS', (t) => {
  const { query } = presigned({}, 'k8s.local')
  t.equal(query.split('&X-Amz-Signature=')[1], GOLDEN_SIGNATURE)
  t.equal(verdict(presigned({}, 'k8s.local')), 'good')
  t.end()
})

void test('the lifetime of a signature', (t) => {
  const request = presigned({}, 'k')
  const at = (minutes: number, milliseconds: number): string =>
    verdict(request, S3_SECRET, 'sts', new Date(NOW.getTime() + minutes * 60_000 + milliseconds))
  t.equal(at(15, 0), 'good')
  t.equal(at(15, 1), 'SignatureDoesNotMatch')
  t.equal(at(-5, 0), 'good')
  t.equal(at(-5, -1), 'SignatureDoesNotMatch')
  t.end()
})

void test('a signature for another request', (t) => {
  t.equal(verdict(presigned({ region: 'us-east-1' }, 'k')), 'SignatureDoesNotMatch')
  t.equal(verdict(presigned({ service: 'iam' }, 'k')), 'SignatureDoesNotMatch')
  const good = presigned({}, 'k')
  t.equal(verdict(signAgain(good, good.query)), 'good')
  const otherDay = good.query.replace('%2F20260102%2F', '%2F20260101%2F')
  t.equal(verdict(signAgain(good, otherDay)), 'SignatureDoesNotMatch')
  t.end()
})

void test('headers', (t) => {
  const good = presigned({}, 'k')
  t.equal(verdict({ ...good, headers: new Map([['host', HOST]]) }), 'SignatureDoesNotMatch', 'a signed one is missing')
  t.equal(verdict({ ...good, headers: new Map([...good.headers, ['x-k8s-aws-id', 'other']]) }), 'SignatureDoesNotMatch')
  t.equal(verdict({ ...good, headers: new Map([...good.headers, ['host', 'example.com']]) }), 'SignatureDoesNotMatch')
  t.equal(verdict({ ...good, headers: new Map([...good.headers, ['accept', 'text/html']]) }), 'good', 'an unsigned one')
  const hostless = good.query.replace('host%3Bx-k8s-aws-id', 'x-k8s-aws-id')
  t.equal(verdict(signAgain(good, hostless)), 'SignatureDoesNotMatch', 'the host is not signed')
  const empty = presigned({}, '')
  t.equal(verdict(empty), 'good')
  t.equal(verdict({ ...empty, headers: new Map([['host', HOST]]) }), 'SignatureDoesNotMatch', 'empty is not missing')
  t.end()
})

void test('malformed signatures', (t) => {
  const good = presigned({}, 'k')
  t.equal(verdict({ ...good, query: 'Action=GetCallerIdentity' }), 'unsigned')
  for (const name of ['Algorithm', 'Credential', 'Date', 'SignedHeaders', 'Signature']) {
    const parameter = good.query.split('&').find((candidate) => candidate.startsWith(`X-Amz-${name}=`)) ?? ''
    t.equal(verdict({ ...good, query: good.query.replace(parameter, '') }), 'IncompleteSignature', `no ${name}`)
    t.equal(verdict({ ...good, query: `${good.query}&${parameter}` }), 'IncompleteSignature', `${name} twice`)
  }
  const headers = new Map([...good.headers, ['authorization', 'AWS4-HMAC-SHA256 Credential=x']])
  t.equal(verdict({ ...good, headers }), 'IncompleteSignature', 'both forms at once')
  t.equal(
    verdict({ ...good, query: good.query.replace('20260102T', '20261302T') }),
    'SignatureDoesNotMatch',
    'two dates',
  )
  t.equal(verdict({ ...good, query: good.query.replaceAll('20260102', '20269902') }), 'IncompleteSignature', 'no date')
  t.equal(verdict({ ...good, query: good.query.replace('-SHA256', '-SHA512') }), 'IncompleteSignature')
  t.equal(verdict({ ...good, query: good.query.replace('aws4_request', 'aws5_request') }), 'IncompleteSignature')
  t.equal(verdict({ ...good, query: `x=%zz&${good.query}` }), 'IncompleteSignature')
  t.end()
})

void test('a POST signed in a header', (t) => {
  const unsigned: Unsigned = {
    method: 'POST',
    host: HOST,
    path: '/',
    query: [],
    headers: new Map([['content-type', 'application/x-www-form-urlencoded']]),
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  }
  const headers = signHeaders(unsigned, { ...SIGNER, sessionToken: 'session/+=' })
  const request = { ...unsigned, query: '', headers, signal: NEVER }
  t.equal(verdict(request), 'good')
  t.equal(verdict({ ...request, body: `${request.body}&Action=AssumeRole` }), 'SignatureDoesNotMatch')
  t.equal(
    verdict({ ...request, headers: new Map([...headers, ['x-amz-security-token', 'other']]) }),
    'SignatureDoesNotMatch',
  )
  t.end()
})

void test('any cluster and session verifies, and no changed character does', (t) => {
  const text = string({
    unit: integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  })
  assert(
    property(text, text, nat(), constantFrom('0', 'a', 'Z', '%', '&'), (clusterId, sessionToken, where, put) => {
      const request = presigned({ sessionToken }, clusterId)
      const at = where % request.query.length
      const query = request.query.slice(0, at) + put + request.query.slice(at + 1)
      return (
        verdict(request) === 'good' &&
        (insignificant(query, request.query) || verdict({ ...request, query }) !== 'good')
      )
    }),
    { numRuns: 300 },
  )
  t.end()
})

/** An edit that does not change the parameters, such as `%2f` for `%2F`. */
function insignificant(query: string, original: string): boolean {
  return new URLSearchParams(query).toString() === new URLSearchParams(original).toString()
}

function presigned(signer: Partial<Signer>, clusterId: string): WireRequest {
  const headers = new Map([['x-k8s-aws-id', clusterId]])
  const unsigned: Unsigned = {
    method: 'GET',
    host: HOST,
    path: '/',
    query: [
      ['Action', 'GetCallerIdentity'],
      ['Version', '2011-06-15'],
    ],
    headers,
    body: '',
  }
  const query = presign(unsigned, { ...SIGNER, ...signer })
  return { ...unsigned, query, headers: new Map([...headers, ['host', HOST]]), signal: NEVER }
}

/** Signs, with the right key, a request that a correct signer would not sign. */
function signAgain(request: WireRequest, query: string): WireRequest {
  const authentication = parseAuthentication({ ...request, query })
  if (authentication === undefined) throw new TypeError('the query has no signature to replace')
  const { scope, date, signedHeaders, signature: replaced } = authentication
  const { method, path, headers } = request
  const parts = { method, path, headers, query: authentication.query, signedHeaders, payloadHash: sha256Hex('') }
  const text = stringToSign(date, scope, canonicalRequest(parts))
  return { ...request, query: query.replace(replaced, signature(signingKey(S3_SECRET, scope), text)) }
}

function verdict(request: WireRequest, secretAccessKey = S3_SECRET, service = 'sts', now = NOW): string {
  try {
    const authentication = parseAuthentication(request)
    if (authentication === undefined) return 'unsigned'
    const region = service === 'sts' ? 'eu-central-1' : 'us-east-1'
    verifySignature(request, authentication, { secretAccessKey, region, service, now })
    return 'good'
  } catch (error) {
    if (error instanceof AwsError) return error.code
    throw error
  }
}
