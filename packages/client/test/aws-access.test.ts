import { test } from 'tap'
import type { Dispatcher } from 'undici'
import { InProcessDispatcher } from '@aws-iam-authenticator/sandbox/aws/dispatcher'
import { ROLE_ARN, USER, USER_KEY_ID, identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { createSandboxAws, type InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createAwsAccess, type AwsAccessOptions } from '../src/aws-access.ts'
import { personWith } from './person.ts'

const KEYS = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey }
const HEADERS = {
  'x-amz-source-arn': 'arn:aws:eks:us-west-2:111122223333:cluster/a',
  'x-amz-source-account': '111122223333',
}
const MINUTE_MS = 60_000

/** Records the headers that the signatures of the requests cover. The sandbox's log doesn't have them. */
class Signatures extends InProcessDispatcher {
  readonly signedHeaders: string[] = []

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.signedHeaders.push(/SignedHeaders=([^,]*)/.exec(JSON.stringify(options.headers))?.[1] ?? '')
    return super.dispatch(options, handler)
  }
}

function optionsFor(aws: InProcessAws, environment: AwsAccessOptions['environment']): AwsAccessOptions {
  return { environment, region: async () => 'us-west-2', dispatcher: new Signatures(aws.handle) }
}

void test('own credentials need no call', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const environment = await personWith(t, { environment: { ...KEYS, AWS_USE_FIPS_ENDPOINT: 'true' } })
  const access = createAwsAccess(optionsFor(aws, environment))
  t.match(await access(), {
    region: 'us-west-2',
    fips: true,
    dualStack: false,
    credentials: { accessKeyId: USER_KEY_ID },
  })
  t.same(aws.sts.requests, [])
})

void test('a role is assumed once per hour, with signed headers, and renewed before it expires', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const environment = await personWith(t, { environment: KEYS })
  let now = new Date()
  const dispatcher = new Signatures(aws.handle)
  const access = createAwsAccess({
    ...optionsFor(aws, environment),
    dispatcher,
    role: { arn: ROLE_ARN, headers: HEADERS },
    now: () => now,
  })
  const [first, same] = await Promise.all([access(), access()])
  t.equal(first, same, 'one renewal for all who wait')
  t.equal(await access(), first)
  t.match(aws.sts.requests, [{ action: 'AssumeRole', host: 'sts.us-west-2.amazonaws.com' }])
  t.equal(aws.sts.requests.length, 1)
  for (const [name, value] of Object.entries(HEADERS)) {
    t.equal(aws.sts.requests[0]?.headers.get(name), value)
    t.ok(dispatcher.signedHeaders[0]?.split(';').includes(name), `${name} is signed`)
  }
  const expiration = first.credentials.expiration?.getTime() ?? 0
  t.ok(expiration > Date.now() + 59 * MINUTE_MS && expiration <= Date.now() + 60 * MINUTE_MS)

  now = new Date(expiration - 6 * MINUTE_MS)
  t.equal(await access(), first)
  now = new Date(expiration - 4 * MINUTE_MS)
  const second = await access()
  t.not(second.credentials.accessKeyId, first.credentials.accessKeyId)
  t.equal(aws.sts.requests.length, 2)
})

void test('a failed renewal is not an error while the previous credentials are valid', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const environment = await personWith(t, { environment: KEYS })
  let now = new Date()
  const options = { ...optionsFor(aws, environment), role: { arn: ROLE_ARN, headers: {} }, now: () => now }
  const access = createAwsAccess(options)
  const first = await access()
  const expiration = first.credentials.expiration?.getTime() ?? 0
  aws.faults.set('error500')
  now = new Date(expiration - MINUTE_MS)
  t.equal(await access(), first)
  now = new Date(expiration)
  await t.rejects(access(), { code: 'sts_unreachable' })
  aws.faults.clear()
  t.not(await access(), first)
})

void test('credentials without an expiry are read again after 15 minutes', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const environment: Record<string, string | undefined> = { ...(await personWith(t, { environment: KEYS })) }
  let now = new Date()
  const access = createAwsAccess({ ...optionsFor(aws, environment), now: () => now })
  await access()
  environment['AWS_ACCESS_KEY_ID'] = 'AKIAREPLACEDREPLACED'
  t.match(await access(), { credentials: { accessKeyId: USER_KEY_ID } })
  now = new Date(now.getTime() + 16 * MINUTE_MS)
  t.match(await access(), { credentials: { accessKeyId: 'AKIAREPLACEDREPLACED' } })
  environment['AWS_ACCESS_KEY_ID'] = ''
  now = new Date(now.getTime() + 16 * MINUTE_MS)
  t.match(await access(), { credentials: { accessKeyId: 'AKIAREPLACEDREPLACED' } }, 'better than none')
})

void test('missing credentials are an error at each call until there are some', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const environment: Record<string, string | undefined> = { ...(await personWith(t)) }
  const access = createAwsAccess(optionsFor(aws, environment))
  await t.rejects(access(), { code: 'no_credentials' })
  await t.rejects(access(), { code: 'no_credentials' })
  Object.assign(environment, KEYS)
  t.match(await access(), { credentials: { accessKeyId: USER_KEY_ID } })
})
