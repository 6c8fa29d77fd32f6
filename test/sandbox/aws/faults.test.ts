import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { ProxyAgent, request, type Dispatcher } from 'undici'
import { type Test, test } from 'tap'
import { InProcessDispatcher } from './dispatcher.ts'
import { USER, identities, roles } from './example-account.ts'
import { stsCall } from './example-client.ts'
import { IMPOSTOR, type Fault } from './faults.ts'
import { createSandboxAws, startSandboxAws, type InProcessAws, type SandboxAws } from './sandbox.ts'

const HOST = 'sts.eu-central-1.amazonaws.com'
const OTHER_HOST = 'sts.eu-west-1.amazonaws.com'

/** The result of each fault for a client; `hang` is separate. */
const SEEN: readonly (readonly [Exclude<Fault, 'hang' | 'resetOnce'>, number, RegExp])[] = [
  [
    'throttle',
    400,
    /^\{"Error":\{"Type":"Sender","Code":"Throttling","Message":"Rate exceeded"\},"RequestId":"[^"]+"\}$/,
  ],
  ['throttle503', 503, /"Code":"Throttling"/],
  ['error500', 500, /"Code":"InternalFailure"/],
  ['rubbish', 200, /^<html>/],
  ['redirect', 302, /^$/],
  ['wrongShape', 200, /"Account":666666666666,/],
  ['reset', 0, /^(?:UND_ERR_SOCKET|ECONNRESET)$/],
]

for (const way of ['over TLS', 'in process'] as const) {
  void test(`every fault, ${way}`, async (t) => {
    const { aws, dispatcher } = await start(t, way)
    t.match(await ask(dispatcher), { status: 200, body: new RegExp(`"Arn":"${USER.arn}"`) })
    for (const [fault, status, body] of SEEN) {
      aws.faults.set(fault)
      t.match(await ask(dispatcher), { status, body }, fault)
    }
    aws.faults.clear()
    t.match(await ask(dispatcher), { status: 200 })
  })

  void test(`a fault of one host, ${way}`, async (t) => {
    const { aws, dispatcher } = await start(t, way)
    aws.faults.set('throttle503')
    aws.faults.set('throttle', HOST)
    t.match(await ask(dispatcher), { status: 400 })
    t.match(await ask(dispatcher, OTHER_HOST), { status: 503 })
    aws.faults.clear(HOST)
    t.match(await ask(dispatcher), { status: 503 })
  })

  void test(`a reset that happens once, ${way}`, async (t) => {
    const { aws, dispatcher } = await start(t, way)
    aws.faults.set('resetOnce')
    t.match(await ask(dispatcher), { status: 0 })
    t.match(await ask(dispatcher), { status: 200 })
    t.equal(aws.sts.requests.length, 2)
  })

  void test(`no answer, ${way}`, async (t) => {
    const { aws, dispatcher } = await start(t, way)
    aws.faults.set('hang')
    const giveUp = new AbortController()
    const asked = ask(dispatcher, HOST, giveUp.signal)
    await until(() => aws.sts.inFlight > 0)
    giveUp.abort()
    t.match(await asked, { status: 0, body: 'AbortError' })
    await until(() => aws.sts.inFlight === 0)
    t.equal(aws.sts.peakInFlight, 1)
  })

  void test(`a delay that the client does not wait for, ${way}`, async (t) => {
    const { aws, dispatcher } = await start(t, way)
    aws.sts.delay = 3_600_000
    const giveUp = new AbortController()
    const asked = ask(dispatcher, HOST, giveUp.signal)
    await until(() => aws.sts.inFlight > 0)
    giveUp.abort()
    t.match(await asked, { status: 0, body: 'AbortError' })
    await until(() => aws.sts.inFlight === 0)
  })

  void test(`a redirect shows whether the client follows it, ${way}`, async (t) => {
    const { aws, dispatcher } = await start(t, way)
    aws.faults.set('redirect')
    const { headers } = await get(dispatcher)
    const followed = await request(String(headers.location), { dispatcher, headers: { accept: 'application/json' } })
    t.equal(followed.statusCode, 200)
    t.match(await followed.body.json(), { GetCallerIdentityResponse: { GetCallerIdentityResult: IMPOSTOR } })
    t.match(aws.sts.requests, [{ host: HOST }, { host: 'redirected.amazonaws.com' }])
  })

  void test(`a huge body, read completely and not, ${way}`, async (t) => {
    const { aws, dispatcher } = await start(t, way)
    aws.faults.set('huge')
    const whole = await get(dispatcher)
    t.match(await whole.body.json(), { GetCallerIdentityResponse: { GetCallerIdentityResult: IMPOSTOR } })
    const { body } = await get(dispatcher)
    await once(body, 'readable')
    body.destroy()
    aws.faults.clear()
    t.match(await ask(dispatcher), { status: 200 })
  })
}

void test('closing ends waiting requests', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  aws.faults.set('hang')
  const dispatcher = agent(aws)
  t.teardown(() => dispatcher.destroy())
  const asked = ask(dispatcher)
  await until(() => aws.sts.inFlight > 0)
  await aws.close()
  t.match(await asked, { status: 0 })
})

async function start(t: Test, way: 'over TLS' | 'in process'): Promise<{ aws: InProcessAws; dispatcher: Dispatcher }> {
  if (way === 'in process') {
    const aws = createSandboxAws({ identities, roles })
    return { aws, dispatcher: new InProcessDispatcher(aws.handle) }
  }
  const aws = await startSandboxAws({ identities, roles })
  const dispatcher = agent(aws)
  t.teardown(async () => {
    await dispatcher.destroy()
    await aws.close()
  })
  return { aws, dispatcher }
}

/** Requests arrive and leave within a few turns of the event loop, without an event. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

function agent(aws: SandboxAws): ProxyAgent {
  return new ProxyAgent({ uri: aws.proxyUrl, requestTls: { ca: aws.ca } })
}

async function get(
  dispatcher: Dispatcher,
  host: string = HOST,
  signal?: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { query } = stsCall({ host })
  return await request(`https://${host}/?${query}`, {
    dispatcher,
    headers: { accept: 'application/json' },
    ...(signal === undefined ? {} : { signal }),
  })
}

/** The status and the text, or 0 and the name of the error. */
async function ask(
  dispatcher: Dispatcher,
  host?: string,
  signal?: AbortSignal,
): Promise<{ status: number; body: string }> {
  try {
    const { statusCode, body } = await get(dispatcher, host, signal)
    return { status: statusCode, body: await body.text() }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    return { status: 0, body: error.name === 'AbortError' ? error.name : code }
  }
}
