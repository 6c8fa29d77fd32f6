import { isAllowedStsHost } from '@aws-iam-authenticator/core/aws/sts-host'
import { parseToken } from '@aws-iam-authenticator/core/token/presigned-url'
import { partitions } from '@aws-iam-authenticator/core/aws/partition'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { resolveStsEndpoint } from '@aws-iam-authenticator/core/aws/sts-endpoint'
import * as fc from 'fast-check'
import { test } from 'tap'
import { holds } from './holds.ts'
import { goodToken, policyOf } from './good-token.ts'
import { hostileTokens } from './hostile-tokens.ts'
import { faultOfAccepted } from './token-oracle.ts'
import { tokenOf, withHost } from './token-row.ts'

const good = goodToken()
const policy = policyOf()

/** Characters with a meaning in a URL, a query or an encoding. */
const SEPARATORS = ['&', ';', '=', '?', '#', '/', '//', '.', '..', '@', ':', ':443', '\\', '+', '-', '&&', '%']
const ENCODED = [
  '%2',
  '%26',
  '%3D',
  '%3B',
  '%00',
  '%0a',
  '%C0%AF',
  '%E2%84%AA',
  '\t',
  '\r\n',
  '\0',
  ' ',
  '\u212a',
  '\u00e9',
]
const WORDS = ['Action=', 'action=AssumeRole', '&x-amz-credential=AKIAOTHER%2F', 'x-k8s-aws-id', '.evil.com', '0', '-1']

const fragment = fc.oneof(
  fc.constantFrom(...SEPARATORS, ...ENCODED, ...WORDS),
  fc.string({ maxLength: 4 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
)

interface Edit {
  readonly at: number
  readonly remove: number
  readonly insert: string
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat({ max: good.url.length }),
  remove: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
  insert: fragment,
})

function apply(text: string, { at, remove, insert }: Edit): string {
  return text.slice(0, at) + insert + text.slice(at + remove)
}

/** Fails if a token is accepted that must not be, or if an exception is thrown. */
function check(token: string): void {
  const result = parseToken(token, policy)
  if (result instanceof Refusal) return
  const fault = faultOfAccepted(token, result, policy.now)
  if (fault !== null) throw new Error(`accepted: ${fault}`)
}

const runs = { seed: 20_260_301, numRuns: 3000 }

void test('the oracle accepts the valid token and finds a lie about it', async (t) => {
  const result = parseToken(tokenOf(good.url), policy)
  if (result instanceof Refusal) throw new TypeError('the good token is refused')
  t.equal(faultOfAccepted(tokenOf(good.url), result, policy.now), null)
  t.equal(faultOfAccepted(tokenOf(good.url), { ...result, host: 'evil.com' }, policy.now), 'not byte for byte')
  t.equal(faultOfAccepted(tokenOf(good.url), { ...result, accessKeyId: 'AKIAOTHER' }, policy.now), 'access key id')
  t.equal(faultOfAccepted(tokenOf(good.url), { ...result, signedAt: new Date(0) }, policy.now), 'age')
  for (const row of hostileTokens.filter((each) => 'reason' in each)) {
    const token = row.make(good)
    if (!token.startsWith('k8s-aws-v1.') || 'passesToSts' in row) continue
    const [, host = '', query = ''] = /^https:\/\/([^/]*)\/\?(.*)$/s.exec(
      Buffer.from(token.slice(11), 'base64url').toString('latin1'),
    ) ?? ['', '', '']
    let fault: string | null = 'not even a URL'
    try {
      fault = faultOfAccepted(token, { ...result, host, query }, policy.now)
    } catch {
      // The platform's URL parser rejects it as well.
    }
    t.ok(fault, `the oracle refuses ${row.name}`)
  }
})

void test('a few edits of the URL: no exception, and no accepted token breaks a rule', async (t) => {
  const edits = fc.array(edit, { minLength: 1, maxLength: 3 })
  holds(
    t,
    fc.property(edits, (list) => check(tokenOf(list.reduce(apply, good.url)))),
    runs,
  )
})

void test('edits of the token: no exception, and no accepted token breaks a rule', async (t) => {
  const edits = fc.array(edit, { minLength: 1, maxLength: 2 })
  holds(
    t,
    fc.property(edits, (list) => check(list.reduce(apply, tokenOf(good.url)))),
    runs,
  )
})

void test('parameters that are repeated, dropped, renamed and reordered', async (t) => {
  const parts = good.query.split('&')
  const recase = fc.constantFrom(
    (text: string) => text,
    (text: string) => text.toLowerCase(),
    (text: string) => text.toUpperCase(),
    (text: string) => text.replace('-', '%2D'),
    (text: string) => text.replace('=', ''),
  )
  const part = fc.tuple(fc.constantFrom(...parts), recase).map(([text, change]) => {
    const [name = '', ...value] = text.split('=')
    return [change(`${name}=`), value.join('=')].join('')
  })
  const list = fc.tuple(fc.shuffledSubarray(parts, { minLength: 6 }), fc.array(part, { maxLength: 2 }))
  holds(
    t,
    fc.property(list, fc.constantFrom('&', '&', '&&', ';'), ([kept, more], separator) =>
      check(tokenOf(`https://${good.host}/?${[...kept, ...more].join(separator)}`)),
    ),
    runs,
  )
})

void test('any host: accepted only if a URL parser finds an STS host too', async (t) => {
  const label = fc.oneof(
    fc.constantFrom(
      'sts',
      'sts-fips',
      'us-west-2',
      'us-gov-west-1',
      'cn-north-1',
      'amazonaws.com',
      'api.aws',
      'evil',
      '',
    ),
    fc.constantFrom('US-GOV-WEST-1', 'amazonaws.com.cn', 'xn--a', '%2e', '@', ':', 's3', '-', '\u3002'),
    fc.domain(),
  )
  holds(
    t,
    fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => check(withHost(good, labels.join('.')))),
    runs,
  )
})

void test('arbitrary text and bytes are refused without an exception', async (t) => {
  let accepted = 0
  const count = (token: string): void => {
    if (!(parseToken(token, policy) instanceof Refusal)) accepted += 1
  }
  holds(t, fc.property(fc.string({ unit: 'binary' }), count), runs)
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => count(tokenOf(bytes))),
    runs,
  )
  t.equal(accepted, 0)
})

void test('a server of the same partition accepts every endpoint that a client can choose', async (t) => {
  const areas = ['us-east', 'eu-south', 'us-gov-west', 'cn-north', 'us-iso-east', 'us-isob-east', 'eu-isoe-west']
  const region = fc
    .tuple(fc.constantFrom(...areas, 'us-isof-south', 'eusc-de-east', 'zz-new', 'US-GOV-WEST'), fc.nat({ max: 12 }))
    .map(([area, number]) => `${area}-${number}`)
  const options = fc.record({ region, fips: fc.boolean(), dualStack: fc.boolean(), legacy: fc.boolean() })
  holds(
    t,
    fc.property(options, (chosen) => {
      let host: string
      try {
        host = resolveStsEndpoint(chosen).host
      } catch (error) {
        if (error instanceof TypeError && chosen.dualStack && chosen.region.includes('-iso')) return true
        throw error
      }
      return partitions.some((partition) => isAllowedStsHost(host, { partition, serverRegion: null }))
    }),
    runs,
  )
})
