import { CLUSTER_ID_HEADER, parseToken, type TokenPolicy } from '../../src/token/presigned-url.ts'
import { encodeToken } from '../../src/token/codec.ts'
import { findPartition, partitions } from '../../src/aws/partition.ts'
import { test } from 'tap'

const partition = findPartition('aws') ?? partitions[0]
if (partition === undefined) throw new TypeError('no partition')
const policy: TokenPolicy = { partition, serverRegion: null, now: new Date('2026-03-01T12:00:00Z') }

const HOST = 'sts.us-west-2.amazonaws.com'
const PARAMETERS = {
  Action: 'GetCallerIdentity',
  Version: '2011-06-15',
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE%2F20260301%2Fus-west-2%2Fsts%2Faws4_request',
  'X-Amz-Date': '20260301T115900Z',
  'X-Amz-Expires': '60',
  'X-Amz-SignedHeaders': 'host%3Bx-k8s-aws-id',
  'X-Amz-Signature': 'ab',
}

function queryWith(changes: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...PARAMETERS, ...changes })
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const parse = (url: string) => parseToken(encodeToken(url), policy)
const parseWith = (changes: Readonly<Record<string, string>>) => parse(`https://${HOST}/?${queryWith(changes)}`)

void test('a valid token becomes the parts of the request to STS', async (t) => {
  t.equal(CLUSTER_ID_HEADER, 'x-k8s-aws-id')
  t.same(parse(`https://${HOST}/?${queryWith()}`), {
    host: HOST,
    region: 'us-west-2',
    query: queryWith(),
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    signedAt: new Date('2026-03-01T11:59:00Z'),
  })
  t.match(parse(`https://sts.amazonaws.com/?${queryWith()}`), { region: 'global' })
})

void test('each check has its reason', async (t) => {
  t.match(parseToken('x', policy), { reason: 'malformed_token' })
  t.match(parse(`https://example.com/?${queryWith()}`), { reason: 'wrong_host' })
  t.match(parse(`https://${HOST}/?${queryWith()}#`), { reason: 'malformed_token' })
  t.match(parse(`https://${HOST}\\/?${queryWith()}`), { reason: 'malformed_token' })
  t.match(parse(`https://${HOST}/?${queryWith()}\u00e9`), { reason: 'malformed_token' })
  t.match(parse(`https://${HOST}/?${queryWith()}&x=y`), { reason: 'malformed_token' })
  t.match(parseWith({ Action: 'AssumeRole' }), { reason: 'malformed_token' })
  t.match(parseWith({ Version: '2010-05-08' }), { reason: 'malformed_token' })
  t.match(parseWith({ 'X-Amz-SignedHeaders': 'host' }), { reason: 'malformed_token' })
  t.match(parseWith({ 'X-Amz-Expires': '901' }), { reason: 'malformed_token' })
  t.match(parseWith({ 'X-Amz-Date': '20260301T110000Z' }), { reason: 'expired' })
  t.match(parseWith({ 'X-Amz-Date': '20260301T130000Z' }), { reason: 'clock_ahead' })
  t.match(parseWith({ 'X-Amz-Credential': '%2F' }), { reason: 'malformed_token' })
})

void test('a missing parameter is not an empty one', async (t) => {
  for (const name of ['Action', 'X-Amz-SignedHeaders', 'X-Amz-Expires', 'X-Amz-Date', 'X-Amz-Credential']) {
    const query = queryWith()
      .split('&')
      .filter((part) => !part.startsWith(`${name}=`))
      .join('&')
    t.match(parse(`https://${HOST}/?${query}`), { reason: 'malformed_token' }, name)
  }
})

void test('the cluster header is signed under its own name in any case, and under no similar name', async (t) => {
  for (const value of ['x-k8s-aws-id', 'X-K8s-Aws-Id%3Bhost', 'a%3Bx-k8s-aws-id%3Bb']) {
    t.match(parseWith({ 'X-Amz-SignedHeaders': value }), { host: HOST }, value)
  }
  for (const value of [
    'x-k8s-aws-idx',
    'xx-k8s-aws-id',
    'host%2Cx-k8s-aws-id',
    'x-%E2%84%AA8s-aws-id',
    '%20x-k8s-aws-id',
  ]) {
    t.match(parseWith({ 'X-Amz-SignedHeaders': value }), { reason: 'malformed_token' }, value)
  }
})

const ask = (host: string, stsRegions: ReadonlySet<string> | null, serverRegion: string | null = null) =>
  parseToken(encodeToken(`https://${host}/?${queryWith()}`), { ...policy, stsRegions, serverRegion })

void test('if regions are configured, only their hosts and the own region of the server are called', async (t) => {
  const closed = { reason: 'wrong_host', message: /server\.stsRegions/ }
  t.match(ask(HOST, null), { host: HOST })
  t.match(ask(HOST, new Set(['us-west-2'])), { host: HOST, region: 'us-west-2' })
  t.match(ask('sts.US-West-2.amazonaws.com', new Set(['us-west-2'])), { host: 'sts.US-West-2.amazonaws.com' })
  for (const regions of [[], ['us-east-1'], ['us-west-2a'], ['global']]) t.match(ask(HOST, new Set(regions)), closed)
  t.match(ask(HOST, new Set(['us-east-1']), 'us-west-2'), { region: 'us-west-2' }, "the server's own")
  t.match(ask(HOST, new Set(['us-east-1']), 'us-east-1'), closed)
  t.match(ask('sts.amazonaws.com', new Set(['global'])), { region: 'global' })
  t.match(ask('sts.amazonaws.com', new Set(['us-east-1']), 'us-east-1'), closed, 'the global host is in no region')
  t.match(ask('example.com', new Set(['com'])), { reason: 'wrong_host', message: /not an STS endpoint/ })
})
