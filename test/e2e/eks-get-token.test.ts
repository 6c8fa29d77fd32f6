import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { identities, ROLE_ARN, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { minimalEnvironment, temporaryFolder, type Environment } from './harness/command.ts'
import { logIn, valueAt } from './harness/logins.ts'
import { USER_KEYS } from './harness/person.ts'
import { urlOf } from './harness/presigned.ts'
import { startTestServer, type TestServer } from './harness/server.ts'

const run = promisify(execFile)
const skip = await run('aws', ['--version']).then(
  () => false,
  () => 'there is no AWS CLI on the PATH',
)

const CONFIGURATION = `clusterID: k8s.local
server:
  mapUsers:
    - userarn: ${USER.arn}
      username: alice
    - userarn: ${USER.arn.replace(':aws:', ':aws-us-gov:')}
      username: federal-alice
  mapRoles:
    - rolearn: ${ROLE_ARN.replace('team/', '')}
      username: reader
`

interface Setup {
  readonly aws: SandboxAws
  readonly server: TestServer
  /** Returns a token from `aws eks get-token`. */
  readonly getToken: (args: readonly string[], environment?: Environment) => Promise<string>
}

async function start(t: Test): Promise<Setup> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const home = temporaryFolder(t)
  return {
    aws,
    server,
    getToken: async (args, environment = {}) => {
      const env = { ...minimalEnvironment(home), ...USER_KEYS, AWS_DEFAULT_REGION: 'eu-central-1', ...environment }
      const { stdout } = await run('aws', ['eks', 'get-token', '--output', 'json', ...args], { env })
      return String(valueAt(JSON.parse(stdout), 'status', 'token'))
    },
  }
}

const CLUSTER = ['--cluster-name', 'k8s.local']

await t.test('a token of the AWS CLI is accepted, for any STS host', { skip }, async (t) => {
  const { server, getToken } = await start(t)
  const variants: readonly (readonly [args: readonly string[], environment: Environment, host: string])[] = [
    [[], {}, 'sts.eu-central-1.amazonaws.com'],
    [['--region', 'us-west-2'], { AWS_STS_REGIONAL_ENDPOINTS: 'legacy' }, 'sts.amazonaws.com'],
    [['--region', 'us-west-2'], { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'sts.us-west-2.api.aws'],
  ]
  await Promise.all(
    variants.map(async ([args, environment, host]) => {
      const token = await getToken([...CLUSTER, ...args], environment)
      t.equal(new URL(urlOf(token)).host, host)
      t.equal(await logIn(server, token), 'alice', host)
    }),
  )
})

await t.test('a token of the AWS CLI in GovCloud is accepted', { skip }, async (t) => {
  const { aws, server, getToken } = await start(t)
  const federal = { ...USER, arn: USER.arn.replace(':aws:', ':aws-us-gov:') }
  aws.sts.identities.set(USER_KEY_ID, federal)
  const token = await getToken([...CLUSTER, '--region', 'us-gov-west-1'])
  t.equal(new URL(urlOf(token)).host, 'sts.us-gov-west-1.amazonaws.com')
  t.equal(await logIn(server, token), 'federal-alice')
})

await t.test('the AWS CLI assumes a role', { skip }, async (t) => {
  const { aws, server, getToken } = await start(t)
  const reach = { HTTPS_PROXY: aws.proxyUrl, AWS_CA_BUNDLE: aws.caFile }
  t.equal(await logIn(server, await getToken([...CLUSTER, '--role-arn', ROLE_ARN], reach)), 'reader')
})

await t.test('a token of the AWS CLI for another cluster is refused', { skip }, async (t) => {
  const { server, getToken } = await start(t)
  t.equal(await logIn(server, await getToken(['--cluster-name', 'other.local'])), 'refused')
  await server.waitForLog(({ reason }) => reason === 'bad_signature')
})
