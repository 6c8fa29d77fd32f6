import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { identities, ROLE_ARN, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { USER_KEYS } from '../e2e/harness/person.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { KEYS_PROFILE } from '../e2e/harness/token.ts'
import {
  checkToken,
  CONFIGURATION,
  personOf,
  testCommands,
  toSandbox,
  TOKEN,
  type Setting,
} from './harness/commands.ts'
import { cannotRunWindows, startWindows } from './harness/wine.ts'

const REGION = { AWS_REGION: 'eu-west-1' }
const PROFILE = { ...REGION, AWS_PROFILE: 'keys' }

/** As Notepad saves a file. */
function notepad(text: string): string {
  return `\ufeff${text.replaceAll('\n', '\r\n')}`
}

async function testEditors(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting, () => ({
    'config.yaml': notepad(CONFIGURATION),
    '.aws/config': KEYS_PROFILE.replaceAll('\n', '\r\n'),
  }))
  t.match(await person.run(['explain', '-c', 'config.yaml', '--arn', USER.arn, '-o', 'json']), { code: 0, stderr: '' })
  await checkToken(t, setting, await person.run([...TOKEN, '-c', 'config.yaml'], PROFILE), 'alice')
}

async function testVariables(t: Test, setting: Setting): Promise<void> {
  const { aws } = setting
  const bob = { ...USER, arn: 'arn:aws:iam::111122223333:user/bob', userId: 'AIDABOB', secretAccessKey: 'bobs-secret' }
  aws.sts.identities.set('AKIABOB', bob)
  const person = personOf(setting)
  const assume = (keys: Readonly<Record<string, string>>): ReturnType<typeof person.run> =>
    person.run([...TOKEN, '--cache', '-r', ROLE_ARN], { ...toSandbox(setting, person), ...keys })
  const assumed = (): number => aws.sts.requests.filter(({ action }) => action === 'AssumeRole').length
  const before = assumed()
  const alice = { aws_access_key_id: USER_KEY_ID, aws_secret_access_key: USER.secretAccessKey }
  await checkToken(t, setting, await assume(alice), 'reader')
  await checkToken(
    t,
    setting,
    await assume({ aws_access_key_id: 'AKIABOB', aws_secret_access_key: 'bobs-secret' }),
    'reader',
  )
  t.equal(assumed(), before + 2, 'the second user does not get the session of the first')
}

async function testNull(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting, () => ({ '.aws/credentials': KEYS_PROFILE.replace('profile ', '') }))
  await checkToken(t, setting, await person.run([...TOKEN], { ...PROFILE, AWS_CONFIG_FILE: 'NUL' }), 'alice')
}

async function testHome(t: Test, setting: Setting): Promise<void> {
  const [, executable = ''] = setting.machine.command
  const person = personOf(setting, () => ({
    '.aws/config': KEYS_PROFILE,
    'other/.aws/config': KEYS_PROFILE.replace(USER_KEY_ID, 'AKIANOBODY'),
    'run.cmd': `@set HOME=%USERPROFILE%\\other\r\n@"Z:${executable.replaceAll('/', '\\')}" %*\r\n`,
  }))
  const run = await person.run([...TOKEN], PROFILE, { command: ['wine', 'cmd', '/c', 'run.cmd'] })
  await checkToken(t, setting, run, 'alice')
}

async function testWorkingFolder(t: Test, setting: Setting): Promise<void> {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'planted', interactiveMode: 'Never' }
  const kubeconfig = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  const person = personOf(setting, () => ({ '.kube/config': JSON.stringify(kubeconfig) }))
  const system = join(person.home, '../../windows/system32')
  copyFileSync(join(system, 'hostname.exe'), join(person.home, 'planted.exe'))
  const refused = await person.run(['lint', '--cluster'])
  t.match(refused, { code: 1, stdout: /exec plugin planted of the kubeconfig is not found/ })
  copyFileSync(join(system, 'hostname.exe'), join(system, 'planted.exe'))
  const found = await person.run(['lint', '--cluster'])
  t.match(found, { code: 1, stdout: /exec plugin planted/ })
  t.notMatch(found.stdout + found.stderr, /is not found/, 'a program on PATH runs')
}

async function testDeadLock(t: Test, setting: Setting): Promise<void> {
  const person = personOf(setting)
  const folder = join(person.home, '.kube/cache/aws-iam-authenticator')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'credentials.yaml.held'), `99999 d0d0d0d0-0000-4000-8000-000000000000 ${hostname()}`)
  const environment = { ...toSandbox(setting, person), ...USER_KEYS }
  await checkToken(t, setting, await person.run([...TOKEN, '--cache', '-r', ROLE_ARN], environment), 'reader')
}

// Emulation is slow: the default limit is 300 s.
t.setTimeout(900_000)

await t.test('the executable for Windows', { skip: cannotRunWindows }, async (t) => {
  const machine = startWindows(t)
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const setting = { machine, aws, server }
  await testCommands(t, setting)
  await t.test('files with CRLF and a byte order mark', (t) => testEditors(t, setting))
  await t.test('the names of variables ignore case, also in the key of the cache', (t) => testVariables(t, setting))
  await t.test('NUL is an empty file', (t) => testNull(t, setting))
  await t.test('the files of the AWS CLI are in USERPROFILE, whatever HOME says', (t) => testHome(t, setting))
  await t.test('no program of the working folder is run', (t) => testWorkingFolder(t, setting))
  await t.test('the lock of a dead process is removed', (t) => testDeadLock(t, setting))
})
