import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  CHAINED_ROLE_ARN,
  identities,
  PARTNER_ROLE_ARN,
  ROLE_ARN,
  roles,
  USER,
  USER_KEY_ID,
  WEB_IDENTITY_ROLE_ARN,
} from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { asked, callerOf, KEYS_PROFILE, personAtHome, runToken, tokenOf } from './harness/token.ts'
import { USER_KEYS } from './harness/person.ts'

const CONFIG = `
${KEYS_PROFILE}
[profile reader]
role_arn = ${ROLE_ARN}
source_profile = keys
role_session_name = from-config

[profile chained]
role_arn = ${CHAINED_ROLE_ARN}
source_profile = reader
role_session_name = second

[profile partner]
role_arn = ${PARTNER_ROLE_ARN}
source_profile = keys
external_id = contract-7

[profile itself]
role_arn = ${ROLE_ARN}
source_profile = itself
role_session_name = own-keys
${KEYS_PROFILE.replace('[profile keys]', '')}

[profile from-environment]
role_arn = ${ROLE_ARN}
credential_source = Environment

[profile tool]
credential_process = cat HOME/answer.json

[profile over-tool]
role_arn = ${ROLE_ARN}
source_profile = tool
role_session_name = over-tool

[profile pod]
role_arn = ${WEB_IDENTITY_ROLE_ARN}
web_identity_token_file = HOME/token
role_session_name = from-profile

[profile over-pod]
role_arn = ${ROLE_ARN}
source_profile = pod
role_session_name = over-pod

[profile bare]
`

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function webToken(expires: number): string {
  const claims = { iss: 'https://oidc.example.com', sub: 'system:serviceaccount:default:app', exp: expires }
  return `${part({ alg: 'none' })}.${part(claims)}.x`
}

const inAnHour = Math.floor(Date.now() / 1000) + 3600

function processAnswer(expiration: Date, version = 1): string {
  const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = USER_KEYS
  return JSON.stringify({ Version: version, AccessKeyId, SecretAccessKey, Expiration: expiration.toISOString() })
}

function assumed(name: string): string {
  return `arn:aws:sts::111122223333:assumed-role/${name}`
}

const FILES = {
  '.aws/config': CONFIG,
  'answer.json': processAnswer(new Date(inAnHour * 1000)),
  token: webToken(inAnHour),
}

t.test('each source of credentials gives a token of its identity', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const rows: readonly (readonly [environment: Record<string, string>, caller: string])[] = [
    [USER_KEYS, USER.arn],
    [{ AWS_PROFILE: 'keys' }, USER.arn],
    [{ AWS_DEFAULT_PROFILE: 'keys' }, USER.arn],
    [{ AWS_PROFILE: 'reader' }, assumed('Reader/from-config')],
    [{ AWS_PROFILE: 'chained' }, assumed('Chained/second')],
    [{ AWS_PROFILE: 'itself' }, assumed('Reader/own-keys')],
    [{ AWS_PROFILE: 'tool' }, USER.arn],
    [{ AWS_PROFILE: 'over-tool' }, assumed('Reader/over-tool')],
    [{ AWS_PROFILE: 'pod' }, assumed('App/from-profile')],
    [{ AWS_PROFILE: 'over-pod' }, assumed('Reader/over-pod')],
    [
      {
        AWS_WEB_IDENTITY_TOKEN_FILE: 'HOME/token',
        AWS_ROLE_ARN: WEB_IDENTITY_ROLE_ARN,
        AWS_ROLE_SESSION_NAME: 'pod-1',
      },
      assumed('App/pod-1'),
    ],
    // The environment's keys take precedence over any profile, as in the SDK for Go.
    [{ ...USER_KEYS, AWS_PROFILE: 'from-environment' }, USER.arn],
  ]
  for (const [environment, caller] of rows) {
    const person = personAtHome(t, FILES, aws.environment, environment)
    if (person['AWS_WEB_IDENTITY_TOKEN_FILE'] !== undefined) {
      Object.assign(person, { AWS_WEB_IDENTITY_TOKEN_FILE: `${person['HOME'] ?? ''}/token` })
    }
    const what = JSON.stringify(Object.keys(environment).length > 1 ? Object.keys(environment) : environment)
    t.equal(await callerOf(aws, tokenOf(t, await runToken([], person), what)), caller, what)
  }
  const partner = await runToken([], personAtHome(t, FILES, aws.environment, { AWS_PROFILE: 'partner' }))
  t.match(await callerOf(aws, tokenOf(t, partner, 'partner')), /assumed-role\/Partner\/aws-iam-authenticator-\d+$/)
})

t.test('a profile with only a name exists', async (t) => {
  const rows = [
    { '.aws/config': '[profile bare]\n' },
    { '.aws/config': '[profile "bare"]\n' },
    { '.aws/credentials': '[bare]\n' },
  ]
  for (const files of rows) {
    const { code, stderr } = await runToken([], personAtHome(t, files, { AWS_PROFILE: 'bare' }))
    t.equal(code, 1)
    t.match(stderr, /no AWS credentials found; .*profile "bare"/)
    const withKeys = personAtHome(t, files, USER_KEYS, { AWS_PROFILE: 'bare' })
    tokenOf(t, await runToken([], withKeys), 'the environment')
  }
})

t.test('each kind of missing credentials has its fix in the error', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const past = new Date(Date.now() - 60_000)
  const rows: readonly (readonly [what: string, config: string, answer: string, says: RegExp])[] = [
    ['a typo in AWS_PROFILE', '[profile works]', '', /"work" \(did you mean works\?\), which is neither in/],
    [
      'expired',
      'credential_process = cat HOME/answer.json',
      processAnswer(past),
      /"work" failed: .*expired credentials/,
    ],
    ['rubbish', 'credential_process = cat HOME/answer.json', 'hello', /"work" failed: .*invalid JSON/],
    ['version 2', 'credential_process = cat HOME/answer.json', processAnswer(past, 2), /"work" failed: .*Version 1/],
    ['an error', 'credential_process = sh -c "echo locked >&2; exit 1"', '', /"work" failed: locked; run that command/],
    ['no such program', 'credential_process = HOME/gone', '', /"work" failed: .*not found/],
    ['no keys for the role', `role_arn = ${ROLE_ARN}\ncredential_source = Environment`, '', /AWS_ACCESS_KEY_ID/],
    ['an unknown source', `role_arn = ${ROLE_ARN}\ncredential_source = Moon`, '', /"Moon": it may be Environment,/],
    [
      'two sources',
      `role_arn = ${ROLE_ARN}\ncredential_source = Environment\nsource_profile = keys`,
      '',
      /both source_profile and credential_source/,
    ],
    ['an instance switched off', `role_arn = ${ROLE_ARN}\ncredential_source = Ec2InstanceMetadata`, '', /switched off/],
    [
      'a role that trusts nobody here',
      `role_arn = ${CHAINED_ROLE_ARN}\nsource_profile = keys\n${KEYS_PROFILE}`,
      '',
      new RegExp(`not allowed to assume ${CHAINED_ROLE_ARN} .*profile "keys".*${USER.arn}`),
    ],
    [
      'a web identity without its file',
      `role_arn = ${ROLE_ARN}\nweb_identity_token_file = /gone/token`,
      '',
      /\/gone\/token, which web_identity_token_file of profile "work" names/,
    ],
    [
      'a web identity that has expired',
      `role_arn = ${WEB_IDENTITY_ROLE_ARN}\nweb_identity_token_file = HOME/answer.json`,
      webToken(inAnHour - 7200),
      /the web identity token in .*answer\.json have expired/,
    ],
  ]
  for (const [what, config, answer, says] of rows) {
    const section = config.startsWith('[') ? config : `[profile work]\n${config}`
    const files = { '.aws/config': `${section}\n`, 'answer.json': answer }
    const { code, stdout, stderr } = await runToken(
      [],
      personAtHome(t, files, aws.environment, { AWS_PROFILE: 'work' }),
    )
    t.same({ code, stdout }, { code: 1, stdout: '' }, what)
    t.match(stderr, /^could not get token: [^\n]+\n$/, what)
    t.match(stderr, says, what)
    t.notMatch(stderr, USER_KEYS['AWS_SECRET_ACCESS_KEY'] ?? 'x', what)
  }
})

t.test('the session name is forwarded if the credentials have one', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const files = { '.aws/config': CONFIG, 'forward.yaml': 'clusterID: k8s.local\nforwardSessionName: true\n' }
  const reader = personAtHome(t, files, aws.environment, { AWS_PROFILE: 'reader' })
  const role = ['-r', CHAINED_ROLE_ARN]
  const session = 'arn:aws:sts::111122223333:assumed-role/Chained/from-config'
  t.equal(await callerOf(aws, tokenOf(t, await runToken([...role, '--forward-session-name'], reader), 'flag')), session)
  t.same(asked(aws), ['AssumeRole', 'GetCallerIdentity', 'AssumeRole'])
  const configured = await runToken([...role, '-c', `${reader['HOME'] ?? ''}/forward.yaml`], reader)
  t.equal(await callerOf(aws, tokenOf(t, configured, 'key')), session)

  const user = personAtHome(t, files, aws.environment, { AWS_PROFILE: 'keys' })
  const own = await runToken(['-r', ROLE_ARN, '--forward-session-name'], user)
  t.match(await callerOf(aws, tokenOf(t, own, 'a user')), /assumed-role\/Reader\/aws-iam-authenticator-\d+$/)

  const before = aws.sts.requests.length
  tokenOf(t, await runToken(['--forward-session-name'], user), 'without a role')
  t.equal(aws.sts.requests.length, before, 'it acts only with a role')
})

t.test('a forwarded session name excludes a given one', async (t) => {
  const both = ['--forward-session-name', '-s', 'x', '-r', ROLE_ARN]
  const { code, stdout, stderr } = await runToken(both, personAtHome(t, {}, USER_KEYS))
  t.same({ code, stdout }, { code: 1, stdout: '' })
  const error = 'Error: cannot specify both --forward-session-name and --session-name parameter'
  t.equal(stderr, `${error}; run "aws-iam-authenticator token --help"\n`)
})

t.test('a refusal of the identity query is explained', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const forward = ['-r', ROLE_ARN, '--forward-session-name']
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  const wrong = await runToken(forward, { ...person, AWS_SECRET_ACCESS_KEY: 'wrong' })
  t.match(wrong, { code: 1, stderr: /SignatureDoesNotMatch/ })
  for (const [fault, says] of [
    ['throttle', /throttling/],
    ['rubbish', /does not speak its protocol/],
    ['wrongShape', /does not speak its protocol/],
    ['error500', /can't answer now/],
  ] as const) {
    aws.faults.set(fault)
    t.match(await runToken(forward, person), { code: 1, stdout: '', stderr: says }, fault)
  }
})

t.test('a session name that AWS does not allow is not forwarded', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const forward = ['-r', ROLE_ARN, '--forward-session-name']
  const person = personAtHome(t, {}, aws.environment, USER_KEYS)
  for (const userId of ['AROAX:ev\u001b[31mil', 'AROAX:ev\u202eil', 'AROAX:ev il', `AROAX:${'evil'.repeat(50)}`, '']) {
    aws.sts.identities.set(USER_KEY_ID, { ...USER, userId })
    const refused = await runToken(forward, person)
    t.match(refused, {
      code: 1,
      stdout: '',
      stderr: /^could not get token: [ -~]*does not speak its protocol[ -~]*\n$/,
    })
    t.notMatch(refused.stderr, /ev(?:il|[^ -~])/, JSON.stringify(userId))
  }
  t.notOk(asked(aws).includes('AssumeRole'))
})

t.test('the files of the AWS CLI are only read', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const person = personAtHome(t, FILES, aws.environment, { AWS_PROFILE: 'reader' })
  const config = join(person['HOME'] ?? '', '.aws/config')
  const before = readFileSync(config, 'utf8')
  writeFileSync(`${config}.copy`, before)
  tokenOf(t, await runToken(['--cache'], person), 'with a cache')
  t.equal(readFileSync(config, 'utf8'), before)
})
