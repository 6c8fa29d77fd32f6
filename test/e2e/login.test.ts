import t from 'tap'
import { identities, roles, ROLE_ARN, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { metric, startTestServer } from './harness/server.ts'

const CONFIGURATION = `
clusterID: k8s.local
server:
  mapRoles:
    - roleARN: arn:aws:iam::111122223333:role/Reader
      username: reader:{{AccountID}}:{{SessionName}}
      groups: [system:masters, 'team-{{SessionNameRaw}}']
`

t.test('a person logs in with an assumed role', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const home = temporaryFolder(t)
  const environment = {
    ...minimalEnvironment(home),
    ...aws.environment,
    AWS_ACCESS_KEY_ID: USER_KEY_ID,
    AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
    AWS_REGION: 'us-west-2',
  }
  const signed = await runCommand(
    ['token', '-i', 'k8s.local', '-r', ROLE_ARN, '-s', 'alice@example.com', '--token-only'],
    { environment },
  )
  t.equal(signed.stderr, '')
  t.equal(signed.code, 0)
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const answer = await server.review(signed.stdout.trim())
  t.equal(answer.status, 200)
  t.match(answer.json, {
    apiVersion: 'authentication.k8s.io/v1beta1',
    kind: 'TokenReview',
    status: {
      authenticated: true,
      user: {
        username: 'reader:111122223333:alice-example.com',
        uid: 'aws-iam-authenticator:111122223333:AROAREADERREADERREADER',
        groups: ['system:masters', 'team-alice@example.com'],
      },
    },
  })
  const metrics = await server.request({ path: '/metrics' })
  t.equal(
    metric(metrics.text, 'aws_iam_authenticator_sts_responses_total', { ResponseCode: '200', StsRegion: 'us-west-2' }),
    1,
  )
  const ended = await server.stop()
  t.equal(ended.code, 0)
  t.notMatch(ended.stderr, signed.stdout.trim().slice(20, 60))
  t.comment(ended.stderr)
})
