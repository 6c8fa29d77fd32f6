import { randomBytes } from 'node:crypto'
import t from 'tap'
import { ROLE_ARN, USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { ACCOUNT_ID, logIn } from './harness/logins.ts'
import { EC2_HOST, launch, startNodeServer } from './harness/nodes.ts'
import { addIdentity, metricsOf, refusals, signToken, startAws } from './harness/webhook.ts'

const SOURCE_ARN = `arn:aws:eks:us-east-1:${ACCOUNT_ID}:cluster/k8s.local`
const ROLE = `  ec2DescribeInstancesRoleARN: ${ROLE_ARN}\n  sourceARN: ${SOURCE_ARN}\n`
const STS_HOST = 'sts.us-east-1.amazonaws.com'

t.test('EC2 is called with the configured role, with the headers that its trust policy can require', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws, { more: ROLE })
  const [first, second] = [launch(aws), launch(aws)]
  t.equal(await logIn(server, first.token), first.username)
  t.equal(await logIn(server, second.token), second.username)
  const assumed = aws.sts.requests.filter(({ action }) => action === 'AssumeRole')
  t.equal(assumed.length, 1, 'one session serves many calls')
  t.equal(assumed[0]?.host, STS_HOST)
  t.equal(assumed[0]?.headers.get('x-amz-source-arn'), SOURCE_ARN)
  t.equal(assumed[0]?.headers.get('x-amz-source-account'), ACCOUNT_ID)
  t.match(
    aws.ec2.calls.map(({ caller }) => caller),
    [/:assumed-role\/Reader\//, /:assumed-role\/Reader\//],
  )
  for (const { headers } of aws.ec2.requests) t.notOk(headers.has('x-amz-source-arn'), 'for STS alone')
})

t.test('a role without sourceARN is assumed without those headers', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws, { more: `  ec2DescribeInstancesRoleARN: ${ROLE_ARN}\n` })
  const node = launch(aws)
  t.equal(await logIn(server, node.token), node.username)
  const assumed = aws.sts.requests.find(({ action }) => action === 'AssumeRole')
  t.notOk([...(assumed?.headers.keys() ?? [])].some((name) => name.startsWith('x-amz-source')))
})

t.test('hanging or lasting throttling is given up after 5 s and is not a verdict', async (t) => {
  const cases = {
    'EC2 hangs': { host: EC2_HOST, fault: 'hang', more: '', error: /in time/ },
    'STS hangs when the role is assumed': {
      host: STS_HOST,
      fault: 'hang',
      more: ROLE,
      error: /no AWS credentials within 4 s/,
    },
    'EC2 throttles': { host: '', fault: 'throttle', more: '', error: /in time.*RequestLimitExceeded/ },
  } as const
  const run = async (name: string, { host, fault, more, error }: (typeof cases)[keyof typeof cases]): Promise<void> => {
    const aws = await startAws(t)
    const server = await startNodeServer(t, aws, { more })
    const { id, username } = launch(aws)
    const arn = `arn:aws:sts::${ACCOUNT_ID}:assumed-role/Nodes/${id}`
    const userId = `AROA${randomBytes(8).toString('hex').toUpperCase()}:${id}`
    // Through another STS host than the hanging one.
    const token = signToken(...addIdentity(aws, { ...USER, arn, userId }), { region: 'us-west-2' })
    if (fault === 'throttle') aws.ec2.fail('RequestLimitExceeded')
    else aws.faults.set(fault, host)
    const startedAt = performance.now()
    const outcome = logIn(server, token)
    t.equal((await server.request({ path: '/healthz' })).text, 'ok', `${name}: others are served`)
    t.equal(await outcome, 'status 502', name)
    const seconds = (performance.now() - startedAt) / 1000
    t.ok(seconds > 4 && seconds < 7, `${name}: after ${seconds.toFixed(1)} s`)
    t.match(await refusals(server, 1), [{ reason: 'ec2_unavailable', error }], name)
    t.ok(aws.ec2.requests.length <= 12, `${name}: ${aws.ec2.requests.length} calls`)
    t.equal((await metricsOf(server))('refusals_total', { reason: 'ec2_unavailable' }), 1, name)
    aws.faults.clear()
    aws.ec2.fail('RequestLimitExceeded', 0)
    t.equal(await logIn(server, token), username, `${name}: the next login passes`)
  }
  await Promise.all(Object.entries(cases).map(([name, each]) => run(name, each)))
})

t.test('temporary failures are retried and not visible', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  const failures = {
    throttled: () => aws.ec2.fail('RequestLimitExceeded', 2),
    'failed on its side': () => aws.ec2.fail('InternalFailure', 1),
    'connection reset': () => aws.faults.set('resetOnce', EC2_HOST),
  }
  for (const [name, fail] of Object.entries(failures)) {
    const node = launch(aws)
    fail()
    t.equal(await logIn(server, node.token), node.username, name)
  }
  t.equal(aws.ec2.requests.length, 7)
  t.same(await refusals(server, 0), [])
})

t.test('permanent failures are not a verdict either, and the error says what to do', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  const node = launch(aws)
  const expectRefusal = async (name: string, error: RegExp): Promise<void> => {
    const before = aws.ec2.requests.length
    const count = (await refusals(server, 0)).length
    t.equal(await logIn(server, node.token), 'status 502', name)
    t.match((await refusals(server, count + 1)).at(-1), { reason: 'ec2_unavailable', error }, name)
    t.equal(aws.ec2.requests.length - before, 1, `${name}: one call`)
  }
  aws.ec2.allowed = new Set()
  await expectRefusal('not allowed', /UnauthorizedOperation: allow ec2:DescribeInstances/)
  aws.ec2.allowed = null
  aws.ec2.fail('AuthFailure', 1)
  await expectRefusal('not let in', /status 401, AuthFailure: check the credentials/)
  for (const fault of ['rubbish', 'wrongShape', 'huge', 'redirect'] as const) {
    aws.faults.set(fault, EC2_HOST)
    await expectRefusal(fault, /answer/)
    aws.faults.clear()
  }
  t.notOk(
    (await refusals(server, 6)).some(({ error }) => String(error).includes(USER.arn)),
    "EC2's own message, which names who asked, is not repeated",
  )
  t.equal(await logIn(server, node.token), node.username)
})

t.test('without region, credentials or the right to assume the role the log says so', async (t) => {
  const aws = await startAws(t)
  const node = launch(aws)
  const denied = `  ec2DescribeInstancesRoleARN: arn:aws:iam::${ACCOUNT_ID}:role/Chained\n`
  const noKeys = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
  const cases = [
    {
      environment: { AWS_REGION: '' },
      error: /the region of this server is not known: set server\.region or AWS_REGION/,
    },
    { environment: noKeys, error: /no AWS credentials found/ },
    { environment: {}, more: denied, error: /not allowed to assume .*role\/Chained/ },
    { environment: { AWS_USE_DUALSTACK_ENDPOINT: 'perhaps' }, error: /AWS_USE_DUALSTACK_ENDPOINT is "perhaps"/ },
  ]
  for (const { error, ...options } of cases) {
    const server = await startNodeServer(t, aws, options)
    t.equal(await logIn(server, node.token), 'status 502', String(error))
    t.match(await refusals(server, 1), [{ reason: 'ec2_unavailable', error }])
    await server.stop()
  }
  t.same(aws.ec2.requests, [])
})

t.test("the endpoint follows the server's region and settings", async (t) => {
  const aws = await startAws(t)
  const cases = {
    'ec2-fips.us-east-1.amazonaws.com': { environment: { AWS_USE_FIPS_ENDPOINT: 'true' } },
    'ec2.us-east-1.api.aws': { environment: { AWS_USE_DUALSTACK_ENDPOINT: 'true' } },
    'ec2.eu-west-1.amazonaws.com': { more: '  region: eu-west-1\n' },
    'ec2.us-west-2.amazonaws.com': { environment: { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' } },
  }
  for (const [host, options] of Object.entries(cases)) {
    const [, region = ''] = host.split('.')
    const node = launch(aws, { region })
    const server = await startNodeServer(t, aws, options)
    t.equal(await logIn(server, node.token), node.username, host)
    t.equal(aws.ec2.requests.at(-1)?.host, host)
    await server.stop()
  }
})

t.test('an invalid ARN stops the start', async (t) => {
  const aws = await startAws(t)
  for (const key of ['ec2DescribeInstancesRoleARN', 'sourceARN']) {
    for (const value of ['k8s.local', 'arn:aws:s3:::bucket']) {
      const started = startNodeServer(t, aws, { more: `  ${key}: ${value}\n` })
      await t.rejects(started, {
        message: new RegExp(`server\\.${key}: .{1,2}${value}.{1,2} is not an ARN with an account id`),
      })
    }
  }
})
