import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSession, type Session } from '@aws-iam-authenticator/sandbox/aws/account'
import { identities, ROLE_ARN, roles, USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startLinkLocal, type LinkLocal, type LinkLocalOptions } from '@aws-iam-authenticator/sandbox/aws/link-local'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { asked, callerOf, personAtHome, runToken, tokenOf } from './harness/token.ts'
import { freePort } from './harness/server.ts'
import { USER_KEYS } from './harness/person.ts'

const TASK = 'arn:aws:sts::111122223333:assumed-role/Task/i-0123456789abcdef0'
const ASSUMED = 'arn:aws:sts::111122223333:assumed-role/Reader/on-it'
const CONFIG = `
[profile task]
role_arn = ${ROLE_ARN}
credential_source = EcsContainer
role_session_name = on-it

[profile instance]
role_arn = ${ROLE_ARN}
credential_source = Ec2InstanceMetadata
role_session_name = on-it
`
const METADATA = { AWS_EC2_METADATA_DISABLED: '' }

async function start(
  t: Test,
  options: Omit<LinkLocalOptions, 'session'> = {},
): Promise<{ aws: SandboxAws; beside: LinkLocal }> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const role = { arn: 'arn:aws:iam::111122223333:role/Task', roleId: 'AROATASKTASKTASKTASKT' }
  const session = (): Session => {
    return openSession(aws.sts, role, 'i-0123456789abcdef0', new Date(Date.now() + 6 * 3_600_000))
  }
  const beside = await startLinkLocal({ session, ...options })
  t.teardown(() => beside.close())
  return { aws, beside }
}

t.test('the endpoint of a container gives a token of its role', async (t) => {
  const { aws, beside } = await start(t)
  const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${beside.url}/credentials` }
  const person = personAtHome(t, { '.aws/config': CONFIG }, aws.environment, container)
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], person), 'full URI')), TASK)
  const task = { ...person, AWS_PROFILE: 'task' }
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], task), 'credential_source')), ASSUMED)
  const before = beside.requests.length
  const keys = await runToken([], { ...person, ...USER_KEYS })
  t.equal(await callerOf(aws, tokenOf(t, keys, 'keys')), USER.arn)
  t.equal(beside.requests.length, before, 'it is not asked where there are keys')
})

t.test('EKS Pod Identity: the token for the endpoint is in a variable, or in a file that changes', async (t) => {
  let authorization = 'first'
  const { aws, beside } = await start(t, { authorization: () => authorization })
  const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${beside.url}/credentials` }
  const person = personAtHome(t, { token: 'first' }, aws.environment, container)
  const variable = { ...person, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'first' }
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], variable), 'variable')), TASK)
  const file = { ...person, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${person['HOME'] ?? ''}/token` }
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], file), 'file')), TASK)
  authorization = 'second'
  t.match(await runToken([], file), {
    code: 1,
    stdout: '',
    stderr: /container's credentials endpoint gave none: .*403/,
  })
  writeFileSync(join(person['HOME'] ?? '', 'token'), 'second')
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], file), 'renewed')), TASK)
})

t.test('a relative URI uses the address of ECS only', async (t) => {
  const { aws, beside } = await start(t)
  const container = {
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/credentials',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${beside.url}/credentials`,
  }
  const { code, stderr } = await runToken([], personAtHome(t, {}, aws.environment, container))
  t.equal(code, 1)
  t.match(stderr, /^could not get token: the container's credentials endpoint gave none/)
  t.same(beside.requests, [])
})

t.test('the role of an instance, and its region if no other is known', async (t) => {
  const { aws, beside } = await start(t, { instanceRole: 'Task', region: 'ap-south-1' })
  const endpoint = { ...METADATA, AWS_EC2_METADATA_SERVICE_ENDPOINT: beside.url }
  const person = personAtHome(t, { '.aws/config': CONFIG }, aws.environment, endpoint)
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], person), 'instance')), TASK)
  t.equal(beside.requests.filter((request) => request.startsWith('PUT')).length, 1, 'version 2, with one token')
  t.notOk(
    beside.requests.some((request) => request.includes('region')),
    'the region was known',
  )
  const profile = { ...person, AWS_PROFILE: 'instance' }
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], profile), 'credential_source')), ASSUMED)

  const { AWS_REGION: _, ...nowhere } = person
  tokenOf(t, await runToken(['-r', ROLE_ARN], nowhere), 'region')
  t.ok(aws.sts.requests.some(({ host }) => host === 'sts.ap-south-1.amazonaws.com'))

  const before = beside.requests.length
  tokenOf(t, await runToken([], { ...person, ...USER_KEYS }), 'keys and region are known')
  for (const profileName of ['', 'instance']) {
    const off = { ...person, AWS_EC2_METADATA_DISABLED: 'true', AWS_PROFILE: profileName }
    t.match(await runToken([], off), { code: 1, stderr: /switched off by AWS_EC2_METADATA_DISABLED/ })
  }
  t.equal(beside.requests.length, before, 'it is not asked')
})

t.test('a silent metadata service costs a second', async (t) => {
  const { beside } = await start(t, { silent: true })
  const endpoint = { ...METADATA, AWS_EC2_METADATA_SERVICE_ENDPOINT: beside.url }
  const { AWS_REGION: _, ...person } = personAtHome(t, { '.aws/config': CONFIG }, endpoint)
  const rows = [person, { ...person, AWS_PROFILE: 'instance' }]
  for (const environment of rows) {
    const started = performance.now()
    const { code, stderr } = await runToken([], environment)
    const took = Math.round(performance.now() - started)
    t.equal(code, 1)
    t.match(stderr, /instance metadata did not answer within 1 s/)
    t.ok(took < 2500, `${took} ms with the start of the process`)
  }
  const gone = { ...person, AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${await freePort()}` }
  t.match(await runToken([], gone), {
    code: 1,
    stderr: /no AWS credentials found; tried in this order: .*ECONNREFUSED/,
  })
})

t.test(
  'with a cache an assumed role is kept under the key of the instance, whose own credentials are not',
  async (t) => {
    const { aws, beside } = await start(t, { instanceRole: 'Task' })
    const endpoint = { ...METADATA, AWS_EC2_METADATA_SERVICE_ENDPOINT: beside.url }
    const person = personAtHome(t, {}, aws.environment, endpoint)
    for (const round of ['cold', 'new credentials of the instance']) {
      tokenOf(t, await runToken(['--cache', '-r', ROLE_ARN], person), round)
    }
    t.same(asked(aws), ['AssumeRole', 'AssumeRole'], 'the sandbox gives each caller another session')
  },
)
