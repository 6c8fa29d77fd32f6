import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { accessKey, jwtKey, roleKey, sourceKey } from '../../src/credentials/identity-key.ts'
import type { CredentialContext } from '../../src/aws/context.ts'
import type { Environment } from '../../../network/src/environment.ts'
import { createHttpHandler } from '../../src/aws/http-handler.ts'
import { createInstanceMetadata } from '../../src/aws/instance-metadata.ts'
import { resolveSettings } from '../../src/aws/settings.ts'

const home = mkdtempSync(join(tmpdir(), 'identity-key-'))
t.teardown(() => rmSync(home, { recursive: true }))

const CONFIG = `
[profile keys]
aws_access_key_id = AKIA
aws_secret_access_key = secret
[profile tool]
credential_process = get-credentials
[profile relative]
credential_process = sh -c "cat ./answer"
[profile pod]
role_arn = arn:aws:iam::111122223333:role/pod
web_identity_token_file = ${home}/token
`

async function contextOf(environment: Environment, config = CONFIG): Promise<CredentialContext> {
  writeFileSync(join(home, 'config'), config)
  const own = { HOME: home, AWS_REGION: 'eu-west-1', AWS_CONFIG_FILE: join(home, 'config'), ...environment }
  const instanceMetadata = createInstanceMetadata(own)
  const settings = await resolveSettings({ environment: own, instanceMetadata })
  const http = createHttpHandler(() => Promise.reject(new Error('nobody may be asked')))
  return { environment: own, settings, http, instanceMetadata }
}

async function keyOf(environment: Environment, config?: string, clusterId = 'k'): Promise<string | undefined> {
  return sourceKey(await contextOf(environment, config), clusterId)
}

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' }

t.test('equal inputs have the same key, and the key contains no secret', async (t) => {
  const key = await keyOf(KEYS)
  t.match(key, /^[0-9a-f]{64}$/)
  t.equal(await keyOf({ AWS_SECRET_ACCESS_KEY: 'secret', AWS_ACCESS_KEY_ID: 'AKIA' }), key)
  t.equal(await keyOf({ ...KEYS, TERM: 'dumb', AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY: 'debug' }), key)
})

t.test('every input that may change the identity changes the key', async (t) => {
  writeFileSync(join(home, 'token'), 'one')
  const keys = [
    await keyOf(KEYS),
    await keyOf(KEYS, CONFIG, 'another cluster'),
    await keyOf({ ...KEYS, AWS_ACCESS_KEY_ID: 'AKIB' }),
    await keyOf({ ...KEYS, AWS_SECRET_ACCESS_KEY: 'another' }),
    await keyOf({ ...KEYS, AWS_SESSION_TOKEN: 'session' }),
    await keyOf({ ...KEYS, AWS_REGION: 'us-east-1' }),
    await keyOf({ ...KEYS, aws_access_key_id: 'AKIB' }),
    await keyOf({ ...KEYS, AWS_ENDPOINT_URL_STS: 'https://sts.internal' }),
    await keyOf({ ...KEYS, AWS_USE_FIPS_ENDPOINT: 'true', AWS_REGION: 'us-east-1' }),
    await keyOf({ ...KEYS, HOME: '/elsewhere' }),
    await keyOf({ AWS_PROFILE: 'keys' }),
    await keyOf({ AWS_PROFILE: 'keys' }, CONFIG.replace('AKIA', 'AKIB')),
    await keyOf({ AWS_PROFILE: 'tool' }),
    await keyOf({ AWS_PROFILE: 'tool', OKTA_USER: 'alice' }),
    await keyOf({ AWS_PROFILE: 'pod' }),
    await keyOf({ AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'), AWS_ROLE_ARN: 'a' }),
    await keyOf({ AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'), AWS_ROLE_ARN: 'b' }),
    await keyOf({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/one' }),
    await keyOf({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/two' }),
  ]
  t.equal(new Set(keys).size, keys.length)
  writeFileSync(join(home, 'token'), 'two')
  t.notOk(keys.includes(await keyOf({ AWS_PROFILE: 'pod' })), 'the token in the file')
  t.notOk(keys.includes(await keyOf({ AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'), AWS_ROLE_ARN: 'a' })))
})

t.test('variables that shells change for each command do not count for a credential process', async (t) => {
  const key = await keyOf({ AWS_PROFILE: 'tool' })
  t.equal(
    await keyOf({ AWS_PROFILE: 'tool', PWD: '/a', OLDPWD: '/b', SHLVL: '3', _: 'x', KUBERNETES_EXEC_INFO: '{}' }),
    key,
  )
  t.not(await keyOf({ AWS_PROFILE: 'relative' }), key)
})

t.test('the working folder counts for a credential process with a relative path', async (t) => {
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  for (const [command, isRelative] of [
    ['./tool', true],
    ['sh -c "cat ../answer"', true],
    ['.\\tool.exe', true],
    ['cmd /c "..\\tool.cmd"', true],
    ['/opt/tool', false],
    ['C:\\tools\\tool.exe', false],
  ] as const) {
    const config = CONFIG.replace('get-credentials', () => command)
    process.chdir(before)
    const here = await keyOf({ AWS_PROFILE: 'tool' }, config)
    process.chdir(home)
    t.equal((await keyOf({ AWS_PROFILE: 'tool' }, config)) === here, !isRelative, command)
  }
})

t.test('a source that does not identify its credentials has no key', async (t) => {
  t.equal(await keyOf({}), undefined)
  const uri = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' }
  t.equal(await keyOf(uri), undefined)
  t.type(await keyOf({ ...uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'x' }), 'string')
  const context = await contextOf({})
  t.not(accessKey(context, 'k', 'ASIAONE'), accessKey(context, 'k', 'ASIATWO'))
  t.not(accessKey(context, 'k', 'ASIAONE'), accessKey(context, 'l', 'ASIAONE'))
})

t.test('each way to assume a role and each JWT has its own key', (t) => {
  const keys = [
    roleKey('a', { roleArn: 'r' }),
    roleKey('b', { roleArn: 'r' }),
    roleKey('a', { roleArn: 's' }),
    roleKey('a', { roleArn: 'r', externalId: 'x' }),
    roleKey('a', { roleArn: 'r', sessionName: 'x' }),
    roleKey('a', { roleArn: 'r', forwardSessionName: true }),
    roleKey('a', { roleArn: 'r', sourceIdentity: 'x' }),
    jwtKey('a', 'r', 'ES384'),
    jwtKey('b', 'r', 'ES384'),
    jwtKey('a', 's', 'ES384'),
    jwtKey('a', 'r', 'RS256'),
  ]
  t.equal(new Set(keys).size, keys.length)
  t.equal(roleKey('a', { roleArn: 'r', forwardSessionName: false }), keys[0])
  t.end()
})
