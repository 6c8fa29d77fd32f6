import t from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { mostInOneSecond } from './harness/cluster.ts'
import { ACCOUNT_ID, logIn, roleToken, tokenOf } from './harness/logins.ts'
import { EC2_HOST, launch, nodeToken, startNodeServer } from './harness/nodes.ts'
import { startTestServer } from './harness/server.ts'
import { metricsOf, refusals, REGION, startAws, verdict } from './harness/webhook.ts'
import { http2, type WireAnswer } from './harness/wire.ts'

const CALLS = 'ec2_describe_instances_calls_total'

t.test('a node is named after its instance, which is queried once', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  const node = launch(aws)
  launch(aws)
  const answer = await server.review(node.token)
  t.match(answer.json, { status: { authenticated: true, user: { username: node.username, groups: ['system:nodes'] } } })
  t.match(aws.ec2.requests, [{ method: 'GET', host: EC2_HOST, action: 'DescribeInstances' }])
  t.match(aws.ec2.requests[0]?.headers.get('user-agent'), /^aws-iam-authenticator\//)
  t.match(aws.ec2.calls, [{ filtered: [node.id], caller: USER.arn }])
  t.equal(await logIn(server, node.token), node.username)
  t.equal(await logIn(server, nodeToken(aws, node.id)), node.username)
  t.equal(aws.ec2.requests.length, 1, 'the name is remembered')
  t.equal((await metricsOf(server))(CALLS), 1)
  t.equal((await server.stop()).code, 0)
  t.notMatch(server.output(), USER.secretAccessKey)
})

t.test('a server without EC2 templates neither calls EC2 nor needs credentials', async (t) => {
  const aws = await startAws(t)
  const configuration = `
clusterID: k8s.local
server:
  ec2DescribeInstancesRoleARN: arn:aws:iam::${ACCOUNT_ID}:role/Nobody
  mapRoles:
    - roleARN: arn:aws:iam::${ACCOUNT_ID}:role/Nodes
      username: node:{{SessionName}}
`
  const server = await startTestServer(t, { aws, configuration })
  t.equal(await logIn(server, nodeToken(aws, 'i-12345678')), 'node:i-12345678')
  t.same(aws.ec2.requests, [])
  t.same(
    aws.sts.requests.map(({ action }) => action),
    ['GetCallerIdentity'],
  )
  t.equal((await metricsOf(server))(CALLS), 0, 'the metric is there all the same')
})

t.test('a hundred nodes that log in at once are queried together', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  const nodes = Array.from({ length: 100 }, () => launch(aws))
  const client = http2(server)
  t.teardown(() => client.close())
  const send = ({ token }: { readonly token: string }): Promise<WireAnswer> =>
    client.send({ body: JSON.stringify({ spec: { token } }) })
  // Open the connections to STS first, because their duration is not measured here.
  await Promise.all(Array.from({ length: 100 }, () => send({ token: roleToken(aws, 'Other') })))
  const answers = await Promise.all(nodes.map(send))
  t.same(
    answers.map(({ text }) => /"username":"([^"]*)"/.exec(text)?.[1]),
    nodes.map(({ username }) => username),
    'each by its own name',
  )
  const sizes = aws.ec2.calls.map(({ filtered }) => filtered?.length ?? 0)
  t.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    100,
    'each instance is asked for once',
  )
  t.comment(`${sizes.length} calls, of ${sizes.join(' and ')} instances`)
  // One call if STS answers all of them within 200 ms, which a busy machine does not achieve.
  t.ok(sizes.length <= 5, `${sizes.length} calls`)
})

t.test('concurrent logins of one instance share one query', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  const node = launch(aws)
  aws.ec2.delay = 500
  const tokens = Array.from({ length: 20 }, () => nodeToken(aws, node.id))
  const usernames = await Promise.all(tokens.map((token) => logIn(server, token)))
  t.same(new Set(usernames), new Set([node.username]))
  t.match(aws.ec2.calls, [{ filtered: [node.id] }])
  t.equal(aws.ec2.requests.length, 1)
})

t.test('calls of EC2 respect qps and burst', async (t) => {
  const aws = await startAws(t)
  const [qps, burst] = [4, 2]
  const server = await startNodeServer(t, aws, {
    args: [`--ec2-describeInstances-qps=${qps}`, `--ec2-describeInstances-burst=${burst}`],
  })
  const nodes = Array.from({ length: 10 }, () => launch(aws))
  // Each page is a call.
  aws.ec2.pageSize = 1
  const usernames = await Promise.all(nodes.map(({ token }) => logIn(server, token)))
  t.same(
    usernames,
    nodes.map(({ username }) => username),
  )
  const times = aws.ec2.requests.map(({ time }) => time.getTime())
  t.ok(times.length >= 10, `${times.length} calls`)
  const most = mostInOneSecond(times)
  t.ok(most <= qps + burst, `at most ${most} calls within a second`)
  t.ok((times.at(-1) ?? 0) - (times[0] ?? 0) >= 1500, 'and so they took their time')
  t.equal((await metricsOf(server))(CALLS), times.length, 'each page counts')
})

t.test('calls over the rate limit are not a verdict, and leave no queue', async (t) => {
  const aws = await startAws(t)
  const args = ['--ec2-describeInstances-qps=1', '--ec2-describeInstances-burst=1']
  const server = await startNodeServer(t, aws, { args })
  const nodes = Array.from({ length: 20 }, () => launch(aws))
  aws.ec2.pageSize = 1
  const outcomes = await Promise.all(nodes.map(({ token }) => logIn(server, token)))
  const late = nodes.filter((_, index) => outcomes[index] === 'status 502')
  t.ok(late.length > 0, `${late.length} of them`)
  for (const line of await refusals(server, 1)) {
    t.match(line, { reason: 'ec2_unavailable', error: /ec2DescribeInstancesQps/ })
  }
  aws.ec2.pageSize = 1000
  const [first] = late
  t.equal(await logIn(server, first?.token ?? ''), first?.username, 'no queue is left behind')
})

t.test('an unknown instance is a verdict, for itself only and not remembered', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  const known = Array.from({ length: 4 }, () => launch(aws))
  const unknown = [
    launch(aws, { accountId: '444455556666' }),
    launch(aws, { region: 'eu-west-1' }),
    launch(aws, { privateDnsName: '', state: 'terminated' }),
  ]
  const gone = launch(aws)
  const instance = aws.ec2.instances.get(gone.id)
  aws.ec2.instances.delete(gone.id)
  const all = [...known, ...unknown, gone]
  const answers = await Promise.all(all.map(({ token }) => server.review(token)))
  t.same(
    answers.map(verdict),
    all.map((node) => known.includes(node)),
  )
  const refused = await refusals(server, 4)
  for (const line of refused) {
    t.match(line, { reason: 'template', error: /^MountedFile .*mapRoles\[0\].*EC2PrivateDNSName/ })
  }
  t.equal(refused.length, 4)
  if (instance !== undefined) aws.ec2.instances.set(gone.id, instance)
  t.equal(await logIn(server, gone.token), gone.username, 'what EC2 does not know is not remembered')
})

t.test('a pending instance is not a verdict', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  const node = launch(aws, { privateDnsName: '', state: 'pending' })
  t.equal(await logIn(server, node.token), 'status 502')
  t.match(await refusals(server, 1), [{ reason: 'ec2_unavailable', error: /pending/ }])
  aws.ec2.instances.set(node.id, {
    accountId: ACCOUNT_ID,
    region: REGION,
    privateDnsName: 'late.internal',
    state: 'running',
  })
  t.equal(await logIn(server, node.token), 'system:node:late.internal')
})

t.test('EC2 is not called for a session name that is not an instance id, nor without need', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  for (const name of ['alice', 'i-1234567', 'i-123456789', 'i-1234567+', 'I-12345678', 'i-12345678@']) {
    t.equal(await logIn(server, nodeToken(aws, name)), 'refused', name)
  }
  t.same(new Set((await refusals(server, 6)).map(({ reason }) => reason)), new Set(['template']))
  t.equal(await logIn(server, roleToken(aws, 'Other')), 'refused')
  t.equal(await logIn(server, tokenOf(aws, `arn:aws:iam::${ACCOUNT_ID}:user/i-12345678`)), 'refused')
  t.same(aws.ec2.requests, [])
})

t.test('the answer of EC2 is a value, never a template', async (t) => {
  const aws = await startAws(t)
  const server = await startNodeServer(t, aws)
  for (const privateDnsName of ['{{AccessKeyID}}', '{{SessionNameRaw}}.internal', 'a b', 'x:system:masters', '<b/>']) {
    t.equal(await logIn(server, launch(aws, { privateDnsName }).token), 'refused', privateDnsName)
  }
  t.same(new Set((await refusals(server, 5)).map(({ reason }) => reason)), new Set(['template']))
  t.notMatch(server.output(), /access granted/)
})
