import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { split } from '../../scripts/build/bundle.ts'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { finish, temporaryFolder, type Environment } from './harness/command.ts'
import { CLUSTER_ID, personAtHome, runToken } from './harness/token.ts'
import { USER_KEYS } from './harness/person.ts'
import { startAws } from './harness/webhook.ts'

// Prints the chunks of the command and the built-in modules that Node.js loads. Modules that were loaded before count
// too if a chunk imports them, because another runtime loads them then. The command ends by process.exit.
const HOOK = `
import { appendFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
globalThis.require = createRequire(import.meta.url)
const own = new Set(process.moduleLoadList)
const note = (line) => appendFileSync(process.env.LOADED_FILE, line + '\\n')
registerHooks({ load: (url, context, next) => (note(url), next(url, context)) })
process.on('exit', () => process.moduleLoadList.filter((name) => !own.has(name)).forEach(note))
`

/** Packages and modules that the command does not need to sign a token. */
const HEAVY = [
  '/fastify/',
  '/undici/',
  '/prom-client/',
  '/node-forge/',
  '/yaml/',
  '/smol-toml/',
  '/diff/',
  '/@aws-sdk/credential-provider',
  '/@aws-sdk/nested-clients/',
  'packages/client/src/aws-access.ts',
  'packages/client/src/jwt/',
  'packages/client/src/sts/call.ts',
  'packages/server/',
  'packages/init/',
]
/** Built-in modules for a connection to AWS. */
const CONNECTION: ReadonlySet<string> = new Set(['http', 'tls', 'net', 'dns', 'crypto'])
/** For writing the cache, whose lock needs a program. */
const CACHE_LOCK = 'child_process'
const HEAVY_MODULES = ['http', 'https', 'http2', 'tls', 'net', 'dns', 'child_process', 'crypto', 'zlib']

t.test('signing a token loads no server and no AWS client', async (t) => {
  const { pieces, metafile } = await split()
  const folder = temporaryFolder(t)
  const hook = join(folder, 'hook.mjs')
  writeFileSync(hook, HOOK)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const { path, contents } of pieces) writeFileSync(join(folder, basename(path)), contents)
  const inputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [
      basename(path),
      Object.entries(output.inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])),
    ]),
  )
  let runs = 0
  const loadedBy = async (args: readonly string[], environment: Environment): Promise<[string[], string, number]> => {
    runs += 1
    const list = join(folder, `loaded-${runs}`)
    const main = [`--import=${pathToFileURL(hook).href}`, join(folder, 'main.js')]
    const child = spawn(process.execPath, [...main, ...args], { env: { ...environment, LOADED_FILE: list } })
    const { code, stdout } = await finish(child)
    const lines = readFileSync(list, 'utf8').split('\n')
    const files = lines.flatMap((line) => inputs.get(basename(line)) ?? [])
    const modules = new Set(lines.flatMap((line) => /^(?:NativeModule |node:)(\w+)$/.exec(line)?.[1] ?? []))
    const heavy = HEAVY.filter((name) => files.some((file) => file.includes(name)))
    return [[...heavy, ...HEAVY_MODULES.filter((name) => modules.has(name))], stdout, code ?? -1]
  }

  await t.test('with static credentials, and for version', async (t) => {
    const person = personAtHome(t, {}, USER_KEYS)
    const [loaded, token, code] = await loadedBy(['token', '-i', CLUSTER_ID, '--token-only'], person)
    t.same(loaded, [])
    t.match(token, /^k8s-aws-v1\./)
    t.equal(code, 0)
    t.same((await loadedBy(['version'], person))[0], [])
  })

  await t.test('with a role from a valid cache', async (t) => {
    const aws = await startAws(t)
    const person = personAtHome(t, {}, USER_KEYS, aws.environment)
    const role = ['--cache', '-r', ROLE_ARN]
    t.equal((await runToken(role, person)).code, 0)
    const calls = aws.sts.requests.length
    const [loaded, token, code] = await loadedBy(['token', '-i', CLUSTER_ID, '--token-only', ...role], person)
    t.same(loaded, [])
    t.match(token, /^k8s-aws-v1\./)
    t.equal(code, 0)
    t.equal(aws.sts.requests.length, calls, 'nobody is asked')
  })

  await t.test('with a JWT from a valid cache', async (t) => {
    const aws = await startAws(t)
    const person = personAtHome(t, {}, USER_KEYS, aws.environment)
    const jwt = ['--cache', '--token-type=jwt']
    const cold = await runToken(jwt, person)
    const calls = aws.sts.requests.length
    const [loaded, token, code] = await loadedBy(['token', '-i', CLUSTER_ID, '--token-only', ...jwt], person)
    t.same(loaded, ['packages/client/src/jwt/'])
    t.equal(token, cold.stdout)
    t.equal(code, 0)
    t.equal(aws.sts.requests.length, calls, 'nobody is asked')
  })

  await t.test('with a role to assume: the connection, and none of the libraries', async (t) => {
    const aws = await startAws(t)
    const person = personAtHome(t, {}, USER_KEYS, aws.environment)
    const args = ['token', '-i', CLUSTER_ID, '--token-only', '--cache', '-r', ROLE_ARN]
    const [loaded, token, code] = await loadedBy(args, person)
    t.same(
      loaded.filter((name) => !CONNECTION.has(name)),
      ['packages/client/src/sts/call.ts', CACHE_LOCK],
    )
    t.ok(loaded.includes('tls'))
    t.match(token, /^k8s-aws-v1\./)
    t.equal(code, 0)
    t.equal(aws.sts.requests.length, 1)
  })

  await t.test('the check detects them where they are needed', async (t) => {
    const person = personAtHome(t, {}, USER_KEYS)
    const [forVerify] = await loadedBy(['verify', '-i', CLUSTER_ID, '-t', 'none'], person)
    for (const name of ['/undici/', 'packages/server/', 'tls']) {
      t.ok(forVerify.includes(name), name)
    }
    writeFileSync(join(folder, 'config.yaml'), 'clusterID: k8s.local\n')
    const [withFile] = await loadedBy(['version', `--config=${join(folder, 'config.yaml')}`], person)
    t.ok(withFile.includes('/yaml/'))
  })
})
