import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { identities, ROLE_ARN, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './harness/command.ts'
import { personEnvironment } from './harness/person.ts'
import { presignedUrl, tokenOfUrl } from './harness/presigned.ts'

function userToken(region: string, host: string, clusterId = 'k8s.local', accessKeyId = USER_KEY_ID): string {
  const { secretAccessKey } = USER
  return tokenOfUrl(presignedUrl({ host, region, clusterId, accessKeyId, secretAccessKey, date: new Date() }))
}

const awsToken = (clusterId?: string): string => userToken('us-west-2', 'sts.us-west-2.amazonaws.com', clusterId)

/** Runs verify against the sandbox, with a new home folder. */
async function verifyBy(t: { teardown(action: () => unknown): void }): Promise<{
  readonly aws: SandboxAws
  readonly verify: (args: readonly string[], more?: Environment) => Promise<Finished>
}> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const environment = { ...minimalEnvironment(temporaryFolder(t)), ...aws.environment }
  return {
    aws,
    verify: (args, more = {}) => runCommand(['verify', ...args], { environment: { ...environment, ...more } }),
  }
}

t.test('verify prints the signer of the token', async (t) => {
  const { aws, verify } = await verifyBy(t)
  const line = await verify(['-i', 'k8s.local', '-t', awsToken()])
  t.equal(line.stderr, '')
  t.equal(line.code, 0)
  t.equal(
    line.stdout,
    `&{ARN:${USER.arn} CanonicalARN:${USER.arn} AccountID:111122223333 UserID:${USER.userId} SessionName: ` +
      `AccessKeyID:${USER_KEY_ID} STSEndpoint:sts.us-west-2.amazonaws.com}\n`,
  )

  const person = personEnvironment(temporaryFolder(t), aws.environment, { AWS_REGION: 'eu-west-1' })
  const { stdout } = await runCommand(['token', '-i', 'k8s.local', '-r', ROLE_ARN, '-s', 'a@b', '--token-only'], {
    environment: person,
  })
  const json = await verify(['--output=json', '--cluster-id', 'k8s.local', `--token=${stdout.trim()}`])
  t.equal(json.stderr, '')
  t.match(
    json.stdout,
    /^\{\n {4}"ARN": ".*",\n {4}"CanonicalARN": ".*",\n {4}"AccountID": ".*",\n {4}"UserID": ".*",\n {4}"SessionName": ".*",\n {4}"AccessKeyID": ".*",\n {4}"STSEndpoint": ".*"\n\}\n$/,
  )
  t.match(JSON.parse(json.stdout), {
    ARN: 'arn:aws:sts::111122223333:assumed-role/Reader/a@b',
    CanonicalARN: 'arn:aws:iam::111122223333:role/Reader',
    AccountID: '111122223333',
    UserID: 'AROAREADERREADERREADER',
    SessionName: 'a@b',
    AccessKeyID: /^ASIA\w+$/,
    STSEndpoint: 'sts.eu-west-1.amazonaws.com',
  })
})

t.test('missing values are named in one line', async (t) => {
  const { verify } = await verifyBy(t)
  const rows: readonly (readonly [args: string[], error: RegExp])[] = [
    [[], /^error: token not specified; run "aws-iam-authenticator verify --help"\n$/],
    [['-i', 'k8s.local'], /^error: token not specified; run "[^\n]+\n$/],
    [['-t', 'x'], /^error: cluster ID not specified; run "[^\n]+\n$/],
    [['-t', 'x', '-i', 'k8s.local', '-o', 'xml'], /^error: invalid argument .*xml/],
    [['-t', 'x', '-i', 'k8s.local', '--partition', 'mars'], /^error: invalid argument .*mars/],
  ]
  for (const [args, error] of rows) {
    const failed = await verify(args)
    t.equal(failed.code, 1)
    t.equal(failed.stdout, '')
    t.match(failed.stderr, error)
  }
})

t.test('the error for a refused token has the reason and nothing of the token', async (t) => {
  const { aws, verify } = await verifyBy(t)
  const refused = async (token: string, says: RegExp): Promise<void> => {
    const failed = await verify(['-i', 'k8s.local', '-t', token])
    t.equal(failed.code, 1)
    t.equal(failed.stdout, '')
    t.match(failed.stderr, /^could not verify token: [^\n]+\n$/)
    t.match(failed.stderr.slice('could not verify token: '.length), says)
    t.notOk(failed.stderr.includes(token.slice(-40)))
  }
  await refused('nonsense', /^input token was not properly formatted: .*prefix/)
  await refused(userToken('us-west-2', 'sts.evil.example'), /^input token was not properly formatted: .*host/)
  await refused(awsToken('other.local'), /^sts getCallerIdentity failed: .*cluster/)
  await refused(
    userToken('us-west-2', 'sts.us-west-2.amazonaws.com', 'k8s.local', 'AKIANOBODY'),
    /^sts getCallerIdentity failed: /,
  )
  for (const fault of ['error500', 'reset', 'rubbish', 'wrongShape', 'huge', 'redirect'] as const) {
    aws.faults.set(fault)
    await refused(awsToken(), /^sts getCallerIdentity failed: /)
    aws.faults.clear()
  }
  for (const fault of ['throttle', 'throttle503'] as const) {
    aws.faults.set(fault)
    await refused(awsToken(), /^sts getCallerIdentity was throttled: /)
    aws.faults.clear()
  }
  const unreadable = await verify(['-i', 'k8s.local', '-t', awsToken()], { AWS_CA_BUNDLE: '/nonexistent/ca.pem' })
  t.equal(unreadable.code, 1)
  t.match(unreadable.stderr, /^could not verify token: .*\/nonexistent\/ca\.pem/)
})

t.test('an STS with an untrusted certificate is rejected, whatever Node.js is configured to trust', async (t) => {
  const { verify } = await verifyBy(t)
  const otherAuthority = join(temporaryFolder(t), 'other.pem')
  writeFileSync(otherAuthority, createAuthority().pem)
  for (const more of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }]) {
    const failed = await verify(['-i', 'k8s.local', '-t', awsToken()], { SSL_CERT_FILE: otherAuthority, ...more })
    t.equal(failed.code, 1)
    t.equal(failed.stdout, '')
    t.match(failed.stderr, /^could not verify token: sts getCallerIdentity failed: [^\n]+\n$/)
  }
})

t.test('the partition decides which STS hosts are called', async (t) => {
  const { aws, verify } = await verifyBy(t)
  const chinese = 'AKIACNCNCNCNCNCNCNCN'
  aws.sts.identities.set(chinese, { ...USER, arn: 'arn:aws-cn:iam::111122223333:user/wei' })
  const china = userToken('cn-north-1', 'sts.cn-north-1.amazonaws.com.cn', 'k8s.local', chinese)
  t.equal((await verify(['-i', 'k8s.local', '-t', china, '--partition', 'aws-cn'])).code, 0)
  const elsewhere = await verify(['-i', 'k8s.local', '-t', china])
  t.equal(elsewhere.code, 1)
  t.match(elsewhere.stderr, /^could not verify token: input token was not properly formatted: .*host/)
  t.equal(aws.proxyRequests.length, 1)

  const federal = 'AKIAGOVGOVGOVGOVGOV1'
  aws.sts.identities.set(federal, { ...USER, arn: 'arn:aws-us-gov:iam::111122223333:user/dev' })
  const gov = userToken('us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com', 'k8s.local', federal)
  t.equal((await verify(['-i', 'k8s.local', '-t', gov])).code, 0, 'GovCloud shares the suffix of partition aws')
})

t.test('the own region is accepted with any name; an empty AWS_REGION counts as unset', async (t) => {
  const { aws, verify } = await verifyBy(t)
  const chinese = 'AKIACNCNCNCNCNCNCNCN'
  aws.sts.identities.set(chinese, { ...USER, arn: 'arn:aws-cn:iam::111122223333:user/wei' })
  const token = userToken('dragon-1', 'sts.dragon-1.amazonaws.com.cn', 'k8s.local', chinese)
  const args = ['-i', 'k8s.local', '-t', token, '--partition=aws-cn']
  t.equal((await verify(args)).code, 1)
  t.equal((await verify(args, { AWS_REGION: 'dragon-1' })).code, 0)
  t.equal((await verify(args, { AWS_REGION: '', AWS_DEFAULT_REGION: 'dragon-1' })).code, 0)
})
