import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { startConnectProxy } from '@aws-iam-authenticator/sandbox/proxy/connect-proxy'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { temporaryFolder, type Environment } from './harness/command.ts'
import { cannotAskKubectl, startFront } from './harness/doctor.ts'
import { arePrinted } from './harness/documented.ts'
import { DOCTOR, doctorSays, statusSays } from './harness/seen.ts'
import { freePort, startTestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'

const skip = cannotAskKubectl
const CONFIGURATION = `${USER_CONFIGURATION}  tokenCacheTTL: 0\n`
const FAILED = 'the last call to STS failed: '
const WAY = 'check the way from this node to STS: DNS, egress, HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE'
const INSTEAD = 'find what answers instead of STS: a proxy, a sign-in page or DNS'

/** The verdict of `status` after one login during a fault. */
const FAULTS = {
  throttle: `${FAILED}.*Throttling.*: wait, and find what else calls STS`,
  throttle503: `${FAILED}.*Throttling.*: wait, and find what else calls STS`,
  error500: `${FAILED}.*InternalFailure.*: ${WAY}`,
  reset: `${FAILED}sts\\.us-east-1\\.amazonaws\\.com can't be reached: .*: ${WAY}`,
  rubbish: `${FAILED}.*: ${INSTEAD}`,
  redirect: `${FAILED}.*302.*: ${INSTEAD}`,
  huge: `${FAILED}.*: ${INSTEAD}`,
  wrongShape: `${FAILED}.*: ${INSTEAD}`,
} as const

await t.test('an STS that fails for the server alone', { skip }, async (t) => {
  // The STS of the person is well.
  const [aws, own] = [await startAws(t), await startAws(t)]
  for (const fault of Object.keys(FAULTS).filter((name): name is keyof typeof FAULTS => name in FAULTS)) {
    const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
    const front = await startFront(t, server)
    aws.faults.set(fault)
    await server.review(userToken())
    await statusSays(t, fault, server, 2, new RegExp(`^${FAULTS[fault]}`))
    await doctorSays(t, fault, front, own, DOCTOR.isRefused)
    aws.faults.clear()
    t.equal((await server.review(userToken())).status, 200)
    await statusSays(t, `${fault} is over`, server, 0, /^healthy: 1 login in the last 5 min, [12] refused$/)
    await server.stop()
  }
})

await t.test('an STS that hangs', { skip }, async (t) => {
  const [aws, own] = [await startAws(t), await startAws(t)]
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const front = await startFront(t, server)
  aws.faults.set('hang')
  const refused = server.review(userToken())
  await doctorSays(t, 'hang', front, own, DOCTOR.isRefused)
  t.equal((await refused).status, 502)
  const says = new RegExp(`^${FAILED}sts\\.us-east-1\\.amazonaws\\.com .*no answer within 10 s.*: ${WAY}`)
  await statusSays(t, 'hang', server, 2, says)
})

await t.test('the third failure in a row makes the server not ready', { skip }, async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  aws.faults.set('reset')
  const signedAt = Date.now()
  for (let age = 0; age < 3; age += 1) await server.review(userToken({ date: new Date(signedAt - age * 1000) }))
  const says = new RegExp(
    `^STS does not answer: the last 3 calls failed: .*: ${WAY} also: nobody has logged in for .*: ${WAY}$`,
  )
  await statusSays(t, 'reset', server, 2, says)
})

await t.test('an STS with a wrong certificate, and a proxy that refuses', { skip }, async (t) => {
  const aws = await startAws(t)
  const caFile = join(temporaryFolder(t), 'other-ca.pem')
  writeFileSync(caFile, createAuthority().pem)
  const refusing = await startConnectProxy({ route: () => undefined })
  const locked = await startConnectProxy({
    route: () => aws.port,
    credentials: { user: 'squid', password: 'proxy-secret' },
  })
  for (const proxy of [refusing, locked]) t.teardown(() => proxy.close())
  const wrongPassword = new URL(locked.url)
  wrongPassword.password = 'mistyped-secret'
  const cases: readonly (readonly [name: string, environment: Environment, error: string])[] = [
    ['an authority that is not trusted', { SSL_CERT_FILE: caFile }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['a proxy that refuses', { HTTPS_PROXY: refusing.url }, 'proxy.*502'],
    ['a proxy that wants another password', { HTTPS_PROXY: wrongPassword.href }, 'proxy.*407'],
    ['a proxy that is gone', { HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` }, 'ECONNREFUSED'],
  ]
  for (const [name, environment, error] of cases) {
    const server = await startTestServer(t, { aws, configuration: CONFIGURATION, environment })
    const front = await startFront(t, server)
    await server.review(userToken())
    await statusSays(t, name, server, 2, new RegExp(`^${FAILED}.*${error}.*: ${WAY}`, 'i'))
    await doctorSays(t, name, front, aws, DOCTOR.isRefused, { secrets: ['proxy-secret', 'mistyped-secret'] })
    await server.stop()
  }
})

await t.test('clocks that differ by 20 minutes', { skip }, async (t) => {
  for (const [minutes, reason] of [
    [20, 'expired'],
    [-20, 'clock_ahead'],
  ] as const) {
    const aws = await startSandboxAws({ identities, roles, now: () => new Date(Date.now() + minutes * 60_000) })
    t.teardown(() => aws.close())
    const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
    const front = await startFront(t, server)
    const signedAt = Date.now()
    for (let age = 0; age < 3; age += 1) await server.review(userToken({ date: new Date(signedAt - age * 1000) }))
    const says = new RegExp(
      `^nobody has logged in for .*: 3 of 3 refused, ${reason}: set the clock of this node if it is off`,
    )
    await statusSays(t, reason, server, 2, says)
    await doctorSays(t, reason, front, await startAws(t), DOCTOR.isRefused)
  }
})

await t.test('operations.md has the verdicts', { skip }, (t) => {
  arePrinted(t, 'docs/operations.md', 'Problems', [
    'STS is not reachable',
    'a proxy answers instead of STS',
    'the clock of the node is off',
  ])
  t.end()
})
