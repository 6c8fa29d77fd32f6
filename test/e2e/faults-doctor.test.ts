import t from 'tap'
import { openSession } from '@aws-iam-authenticator/sandbox/aws/account'
import { identities, ROLE_ARN, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { temporaryFolder } from './harness/command.ts'
import { cannotAskKubectl, runDoctor, startWell, type DoctorOptions, type Expected } from './harness/doctor.ts'
import { arePrinted } from './harness/documented.ts'
import { runStatus } from './harness/status.ts'
import { asking, tokenFaults } from './harness/token-faults.ts'
import { startAws } from './harness/webhook.ts'

const skip = cannotAskKubectl
const MINUTE_MS = 60_000

const CREDENTIALS: ReadonlyMap<string, Expected> = new Map<string, Expected>([
  ['no credentials', ['credentials', /no AWS credentials found; .*: name a profile in AWS_PROFILE, or run "aws/]],
  ['half of the static keys', ['credentials', /: set AWS_SECRET_ACCESS_KEY too, name a profile/]],
  ['an unknown profile', ['profile', /AWS_PROFILE names profile "nobody".*: run "aws configure list-profiles"/]],
  ['a profile that points nowhere', ['credentials', /profile "gone".* does not exist: correct source_profile, or/]],
  ['a role that does not exist', ['role', /not allowed to assume \S+Reader-gone .*; the role's trust policy must/]],
  ['a role that wants another external id', ['role', /Partner .*must allow that identity with that external ID/]],
  ['a role ARN that is none', ['role', /"K8s-Admin" is not an ARN: write arn:aws:iam::111122223333:role\/K8s-Admin/]],
  ['a deleted access key', ['sts', /does not know the access key .*: use a key that is active/]],
  ['a wrong secret access key', ['sts', /SignatureDoesNotMatch\): check the secret access key/]],
  ['no way to STS', ['sts', /cannot reach sts\.us-east-1\.amazonaws\.com: .*; check the network, HTTPS_PROXY/]],
  [
    'a certificate of another authority',
    ['sts', /is not trusted .*: where a proxy inspects TLS, name .* AWS_CA_BUNDLE/],
  ],
  [
    'a certificate of another authority, where Node.js is told to trust anybody',
    ['sts', /certificate of sts\.us-east-1\.amazonaws\.com is not trusted/],
  ],
  [
    'an AWS_CA_BUNDLE that is not there',
    ['trust', /\/nonexistent\/ca\.pem, which AWS_CA_BUNDLE .*: correct or unset it/],
  ],
  ['an AWS_CA_BUNDLE that holds no certificate', ['trust', /holds no certificate in PEM form: correct or unset it/]],
  ['a proxy that is no URL', ['proxy', /HTTPS_PROXY is not the URL of a proxy, such as http:/]],
  ['credentials that have expired', ['credentials', /expired at 2020-01-01T00:00:00\.000Z: renew them/]],
  ['a region that is none', ['profile', /is not the name of an AWS region, such as us-west-2; it comes from --region/]],
  ['a setting that means nothing', ['profile', /AWS_STS_REGIONAL_ENDPOINTS is "global": it may be legacy or regional/]],
  ['a credential process that fails', ['credentials', /failed: it is locked; run that command by hand/]],
  ['a credential process that writes rubbish', ['credentials', /returned invalid JSON; run that command by hand/]],
  ['an MFA code that nobody can be asked for', ['credentials', /wants an MFA code, and none was given: .*terminal/]],
  ['an SSO session that was never begun', ['credentials', /never begun: run "aws sso login --profile work"/]],
  [
    'a web identity token that is not there',
    ['credentials', /cannot read \/nonexistent\/token, .*: check that it exists/],
  ],
])

await t.test('each fault of credentials has a verdict with its cause and its fix', { skip }, async (t) => {
  const { fails } = await startWell(t, await startAws(t))
  const faults = await tokenFaults(temporaryFolder(t))
  t.same(Object.keys(faults), [...CREDENTIALS.keys()])
  for (const [name, fault] of Object.entries(faults)) {
    await fails(name, CREDENTIALS.get(name) ?? ['none', /none/], fault)
  }
})

await t.test('a session that has expired or was revoked', { skip }, async (t) => {
  const aws = await startAws(t)
  const { fails } = await startWell(t, aws)
  const session = (minutes: number): DoctorOptions => {
    const role = { arn: ROLE_ARN, roleId: 'AROAREADERREADERREADER' }
    const { accessKeyId, identity } = openSession(aws.sts, role, 'bob', new Date(Date.now() + minutes * MINUTE_MS))
    const { secretAccessKey, sessionToken } = identity
    const environment = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    }
    return { environment, secrets: [secretAccessKey, sessionToken] }
  }
  await fails('expired', ['sts', /the credentials from the environment .* have expired: renew them/], session(-1))
  const revoked = session(60)
  aws.sts.identities.delete(revoked.environment?.['AWS_ACCESS_KEY_ID'] ?? '')
  await fails('revoked', ['sts', /does not know the access key .*: use a key that is active/], revoked)
})

const STS: Readonly<Record<string, RegExp>> = {
  throttle: /AWS is throttling requests \(Throttling\): try again in a moment/,
  error500: /AWS can't answer now \(InternalFailure\): try again in a moment/,
  reset: /cannot reach sts\.us-east-1\.amazonaws\.com: .*; check the network, HTTPS_PROXY and NO_PROXY/,
  rubbish: /the answer is not from AWS .*: check for a proxy or a sign-in page/,
  redirect: /the answer is not from AWS .*: check for a proxy or a sign-in page/,
  wrongShape: /the answer is not from AWS .*: check for a proxy or a sign-in page/,
  huge: /the answer is not from AWS .*: check for a proxy or a sign-in page/,
  hang: /cannot reach sts\.us-east-1\.amazonaws\.com: no answer within 10 s; check the network/,
}

await t.test('an STS that fails for the person alone', { skip }, async (t) => {
  const own = await startAws(t)
  const { fails } = await startWell(t, await startAws(t), own)
  for (const fault of ['throttle', 'error500', 'reset', 'rubbish', 'redirect', 'wrongShape', 'huge', 'hang'] as const) {
    own.faults.set(fault)
    await fails(fault, ['sts', STS[fault] ?? /none/], { args: asking })
    own.faults.clear()
  }
})

await t.test(
  'a region that AWS does not publish is a warning, and one of another partition is not',
  { skip },
  async (t) => {
    const { fails, warns } = await startWell(t, await startAws(t))
    const mars =
      /also: profile warning: .*; region "mars-north-1" of AWS_REGION is not one that AWS publishes.*: correct it/
    await warns('a region nobody has heard of', mars, { environment: { AWS_REGION: 'mars-north-1' } })
    const china = { environment: { AWS_REGION: 'cn-north-1' } }
    await fails(
      'China',
      ['sts', /InvalidClientTokenId\): .*another partition than the region: use a key that is/],
      china,
    )
  },
)

await t.test('a clock that is off is a warning with the difference', { skip }, async (t) => {
  for (const [minutes, says] of [
    [40, /also: clock warning: this machine is 40 minutes behind AWS: set its clock/],
    [-40, /also: clock warning: this machine is 40 minutes ahead of AWS: set its clock/],
    [3, /also: clock warning: this machine is 3 minutes behind AWS: set its clock/],
  ] as const) {
    const own = await startSandboxAws({ identities, roles, now: () => new Date(Date.now() + minutes * MINUTE_MS) })
    t.teardown(() => own.close())
    const { server, front, warns } = await startWell(t, own)
    if (Math.abs(minutes) < 5) {
      await warns(String(minutes), says, { args: asking })
      continue
    }
    // The clock of this machine is also that of the server, which refuses a token with the time of AWS.
    const { code, verdict } = await runDoctor(t, front, own.environment, { args: asking })
    t.equal(code, 2)
    t.match(verdict, /^you can't log in: login failed: .*\(401\): ask an administrator .*role\/Reader at /)
    t.match(verdict, says)
    t.match((await runStatus(server)).stdout, /^refused +1 x (?:clock_ahead|expired)/m)
  }
})

await t.test('doctor.md has the verdicts', { skip }, (t) => {
  arePrinted(t, 'docs/doctor.md', 'doctor', [
    'no credentials',
    'the SSO session is over',
    'a wrong secret key',
    'no way to STS',
    'a proxy that inspects TLS',
    'a role that trusts others',
    'anything in the cluster',
  ])
  t.end()
})
