import t from 'tap'
import type { Environment } from './harness/command.ts'
import { cannotAskKubectl, startFront } from './harness/doctor.ts'
import { arePrinted } from './harness/documented.ts'
import { logIn, ACCOUNT_ID } from './harness/logins.ts'
import { EC2_HOST, launch, startNodeServer } from './harness/nodes.ts'
import { refusedTokens } from './harness/refused-tokens.ts'
import { DOCTOR, doctorSays, statusSays } from './harness/seen.ts'
import { startTestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION } from './harness/webhook.ts'

const skip = cannotAskKubectl

const ADVICE: Readonly<Record<string, string>> = {
  bad_signature: 'compare clusterID of the server with -i in the kubeconfigs',
  unknown_key: 'ask the owners of the access keys',
  expired: 'set the clock of this node if it is off',
  clock_ahead: 'set the clock of this node if it is off',
  wrong_host: 'set --partition',
  malformed_token: 'read the error below',
  not_mapped: 'add a mapping for the ARN below',
}

await t.test('tokens that are refused', { skip }, async (t) => {
  const aws = await startAws(t)
  for (const [name, token, reason] of refusedTokens(aws)) {
    const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
    const front = await startFront(t, server)
    await server.review(token)
    await statusSays(t, `${name}, once`, server, 0, /^healthy: 0 logins in the last 5 min, 1 refused$/)
    for (let more = 0; more < 2; more += 1) await server.review(token)
    const says = new RegExp(`^nobody has logged in for .*: 3 of 3 refused, ${reason}: ${ADVICE[reason] ?? 'no advice'}`)
    await statusSays(t, name, server, 2, says)
    // Others are not affected.
    await doctorSays(t, name, front, aws, DOCTOR.isGranted)
    await statusSays(t, `${name}, and a login`, server, 0, /^healthy: 1 login in the last 5 min, 3 refused$/)
    await server.stop()
  }
})

interface Ec2Case {
  readonly name: string
  readonly isDenied?: boolean
  readonly isRubbish?: boolean
  readonly more?: string
  readonly environment?: Environment
  readonly says: string
}

await t.test('an EC2 that fails keeps nodes out while people log in', { skip }, async (t) => {
  const aws = await startAws(t)
  const users = `  mapUsers:\n    - userARN: arn:aws:iam::${ACCOUNT_ID}:user/staff/alice\n      username: alice\n`
  const denied = `  ec2DescribeInstancesRoleARN: arn:aws:iam::${ACCOUNT_ID}:role/Chained\n`
  const noKeys = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
  const nodes = "^nodes can't log in, because the last call to EC2 failed: .*"
  const cases: readonly Ec2Case[] = [
    { name: 'no right to call it', isDenied: true, says: 'allow ec2:DescribeInstances' },
    { name: 'an answer that is not from EC2', isRubbish: true, says: 'answer' },
    { name: 'no region', environment: { AWS_REGION: '' }, says: 'set server\\.region or AWS_REGION' },
    { name: 'no credentials', environment: noKeys, says: 'no AWS credentials found.*: .*name a profile' },
    { name: 'a role that may not be assumed', more: denied, says: 'not allowed to assume .*trust policy must allow' },
  ]
  for (const { name, says, isDenied = false, isRubbish = false, more = '', environment = {} } of cases) {
    const server = await startNodeServer(t, aws, { more: `${users}${more}`, environment })
    const front = await startFront(t, server)
    const node = launch(aws)
    if (isDenied) aws.ec2.allowed = new Set()
    if (isRubbish) aws.faults.set('rubbish', EC2_HOST)
    t.equal(await logIn(server, node.token), 'status 502', name)
    await doctorSays(t, name, front, aws, DOCTOR.isGranted)
    await statusSays(t, name, server, 2, new RegExp(nodes + says))
    aws.ec2.allowed = null
    aws.faults.clear()
    if (isDenied || isRubbish) {
      t.equal(await logIn(server, node.token), node.username, name)
      await statusSays(t, `${name}, no longer`, server, 0, /^healthy: 2 logins in the last 5 min, 1 refused$/)
    }
    await server.stop()
  }
})

await t.test('operations.md has the verdict', { skip }, (t) => {
  arePrinted(t, 'docs/operations.md', 'Problems', ['the server may not call EC2'])
  t.end()
})
