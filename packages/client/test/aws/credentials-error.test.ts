import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { test } from 'tap'
import { createSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { CredentialsError, type CredentialsErrorCode } from '../../src/aws/credentials-error.ts'
import type { Environment } from '../../../network/src/environment.ts'
import { personWith, signIn } from '../person.ts'

const SECRET = 'hunter2'
const ROLE_ARN = 'arn:aws:iam::111122223333:role/admin'
const STATIC = { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN', AWS_SECRET_ACCESS_KEY: SECRET }

const FILES = {
  '.aws/config': `
[profile mfa]
role_arn = ${ROLE_ARN}
source_profile = keys
mfa_serial = arn:aws:iam::111122223333:mfa/alice

[profile keys]
aws_access_key_id = AKIAUNKNOWN
aws_secret_access_key = ${SECRET}

[profile process]
credential_process = sh HOME/fail.sh --password ${SECRET}

[profile process-rubbish]
credential_process = echo ${SECRET}

[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Reader

[profile over-sso]
role_arn = ${ROLE_ARN}
source_profile = sso

[profile sso-incomplete]
sso_start_url = https://corp.example/start
sso_account_id = 111122223333

[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://corp.example/start

[profile login]
login_session = arn:aws:iam::111122223333:user/alice

[profile loop]
role_arn = ${ROLE_ARN}
source_profile = loop2

[profile loop2]
role_arn = ${ROLE_ARN}
source_profile = loop

[profile no-source]
role_arn = ${ROLE_ARN}

[profile lost-source]
role_arn = ${ROLE_ARN}
source_profile = nobody

[profile half]
aws_access_key_id = AKIAUNKNOWN
`,
  'fail.sh': 'echo the vault is locked >&2\nexit 3\n',
  token: 'no token at all',
}

const CASES: readonly (readonly [
  code: CredentialsErrorCode,
  message: RegExp,
  environment: Environment,
  roleArn?: string,
])[] = [
  ['no_credentials', /environment.*web identity.*profile "default".*container.*EC2 instance.*AWS_PROFILE/, {}],
  ['no_credentials', /AWS_SECRET_ACCESS_KEY not set/, { AWS_ACCESS_KEY_ID: 'AKIA' }],
  ['unknown_profile', /"nobody"/, { AWS_PROFILE: 'nobody', ...STATIC }],
  ['invalid_settings', /AWS_ROLE_ARN/, { AWS_WEB_IDENTITY_TOKEN_FILE: '/token' }],
  ['expired_credentials', /2020-01-01/, { ...STATIC, AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z' }],
  ['mfa_required', /"mfa"/, { AWS_PROFILE: 'mfa' }],
  ['credential_process_failed', /"process" failed: the vault is locked;/, { AWS_PROFILE: 'process' }],
  ['credential_process_failed', /invalid JSON/, { AWS_PROFILE: 'process-rubbish' }],
  ['sso_expired', /aws sso login --profile sso"/, { AWS_PROFILE: 'sso' }],
  ['sso_expired', /aws sso login --profile sso"/, { AWS_PROFILE: 'over-sso' }],
  ['invalid_profile', /sso_role_name/, { AWS_PROFILE: 'sso-incomplete' }],
  ['login_expired', /aws login --profile login"/, { AWS_PROFILE: 'login' }],
  ['invalid_profile', /cycle/, { AWS_PROFILE: 'loop' }],
  ['invalid_profile', /"no-source"/, { AWS_PROFILE: 'no-source' }],
  ['invalid_profile', /nobody/, { AWS_PROFILE: 'lost-source' }],
  ['invalid_profile', /"half"/, { AWS_PROFILE: 'half' }],
  [
    'web_identity_failed',
    /\/nonexistent\/token/,
    { AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent/token', AWS_ROLE_ARN: ROLE_ARN },
  ],
  [
    'web_identity_failed',
    /InvalidIdentityToken/,
    { AWS_WEB_IDENTITY_TOKEN_FILE: 'HOME/token', AWS_ROLE_ARN: ROLE_ARN },
  ],
  ['container_failed', /evil\.example.*loopback/, { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://evil.example/' }],
  ['container_failed', /evil\.example.*loopback/, { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '@evil.example/' }],
  ['container_failed', /127\.evil.*loopback/, { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.evil.example/' }],
  ['sts_rejected', /does not know the access key/, STATIC, ROLE_ARN],
]

void test('every reason for a missing token', async (t) => {
  for (const [code, message, environment, roleArn] of CASES) {
    await t.test(`${code} ${JSON.stringify(environment)}`, async (c) => {
      const person = await personWith(c, { files: FILES, environment: { AWS_REGION: 'eu-west-1', ...environment } })
      const placed = Object.entries(person).map(([name, value]) => {
        return [name, name.endsWith('TOKEN_FILE') ? value?.replace('HOME', person['HOME'] ?? '') : value] as const
      })
      const failure: unknown = await signIn(createSandboxAws(), {
        environment: Object.fromEntries(placed),
        roleArn,
      }).catch((error: unknown) => error)
      if (!(failure instanceof CredentialsError))
        throw new TypeError('there is a token, or another error', { cause: failure })
      c.equal(failure.code, code)
      c.match(failure.message, message)
      c.notMatch(failure.message, /\n/, 'one line')
      c.notMatch(`${failure.message} ${String(failure.cause)}`, SECRET)
    })
  }
})

void test('an error while connecting is passed on unchanged', async (t) => {
  const trouble = new FileError('file_unreadable', "Can't read /ca.pem, which AWS_CA_BUNDLE names")
  const environment = await personWith(t, { files: FILES, environment: { ...STATIC, AWS_REGION: 'eu-west-1' } })
  const createHttpClient = (): Promise<never> => Promise.reject(trouble)
  const failure = signIn(createSandboxAws(), { environment, roleArn: ROLE_ARN, createHttpClient })
  await t.rejects(failure, trouble)
})
