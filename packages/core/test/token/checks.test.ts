import { encodeToken } from '../../src/token/codec.ts'
import { findPartition } from '../../src/aws/partition.ts'
import { parseToken } from '../../src/token/presigned-url.ts'
import { TOKEN_CHECKS, type TokenCheck } from '../../src/token/checks.ts'
import { test } from 'tap'

const partition = findPartition('aws')
if (partition === undefined) throw new TypeError('no partition')
const policy = { partition, serverRegion: null, now: new Date('2026-03-01T12:00:00Z') }

const GOOD =
  'https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Credential=AKIA%2Fx&X-Amz-Date=20260301T115900Z' +
  '&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id'

/** The checks that a token has passed, in order. */
function passedBy(token: string): readonly TokenCheck[] {
  const passed: TokenCheck[] = []
  parseToken(token, policy, (check) => passed.push(check))
  return passed
}

void test('a valid token passes all checks in order', async (t) => {
  t.same(passedBy(encodeToken(GOOD)), TOKEN_CHECKS)
})

void test('a bad token passes the checks before the one that rejects it', async (t) => {
  const rows: readonly (readonly [token: string, refusedBy: TokenCheck])[] = [
    ['x', 'prefix'],
    [`k8s-aws-v1.${'a'.repeat(20_000)}`, 'size'],
    ['k8s-aws-v1.a=', 'encoding'],
    ['k8s-aws-v1.aGVsbG9', 'encoding'],
    [encodeToken(GOOD.replace('https', 'http')), 'url'],
    [encodeToken(GOOD.replace('sts.us', 'evil.us')), 'host'],
    [encodeToken(`${GOOD}&x=y`), 'parameters'],
    [encodeToken(GOOD.replace('GetCallerIdentity', 'GetSessionToken')), 'parameters'],
    [encodeToken(GOOD.replace('%3Bx-k8s-aws-id', '')), 'cluster_header'],
    [encodeToken(GOOD.replace('Expires=60', 'Expires=901')), 'lifetime'],
    [encodeToken(GOOD.replace('T1159', 'T1059')), 'clock'],
    [encodeToken(GOOD.replace('AKIA', '-')), 'access_key'],
  ]
  for (const [token, refusedBy] of rows) {
    t.same(passedBy(token), TOKEN_CHECKS.slice(0, TOKEN_CHECKS.indexOf(refusedBy)), refusedBy)
  }
})
