import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import t, { type Test } from 'tap'
import { parse } from 'yaml'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const text = readFileSync(join(ROOT, 'action.yml'), 'utf8')
const action: unknown = parse(text)
const inputs = property(action, 'inputs')
const [step, ...others] = [property(property(action, 'runs'), 'steps')].flat()
const script = textAt(step, 'run') ?? ''

const NAME = 'aws-iam-authenticator_1.0.0_linux_amd64'
const EXECUTABLE = join(ROOT, 'dist/aws-iam-authenticator')
const SHA256 = createHash('sha256').update(readFileSync(EXECUTABLE)).digest('hex')
const MANIFEST =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - rolearn: '

t.test('the action has one step, whose script gets its inputs as variables only', (t) => {
  t.equal(property(property(action, 'runs'), 'using'), 'composite')
  t.strictSame(others, [])
  t.equal(textAt(step, 'shell'), 'bash')
  t.notMatch(script, /\$\{\{/)
  const variables = new Set(Object.values(property(step, 'env') ?? {}).map(String))
  for (const name of Object.keys(inputs ?? {})) t.ok(variables.has(`\${{ inputs.${name} }}`), name)
  for (const name of ['files', 'version', 'sha256']) t.equal(property(property(inputs, name), 'required'), true)
  t.end()
})

/** The variables of the step, as the runner makes them. */
function variablesOf(given: Readonly<Record<string, string>>): Record<string, string> {
  const env = property(step, 'env')
  if (!isRecord(env)) throw new TypeError('the step has no variables')
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(String(value))?.[1]
      if (input === undefined) return [name, 'https://localhost:1/owner/repository']
      return [name, given[input] ?? textAt(property(inputs, input), 'default') ?? '']
    }),
  )
}

/** Serves the built executable as a release, and gives a function that runs the step of the action. */
async function startReleases(
  t: Test,
): Promise<(given: Readonly<Record<string, string>>, arch?: string) => Promise<RunResult & { folder: string }>> {
  const authority = createAuthority()
  const server = createServer(
    { SNICallback: (host, callback) => callback(null, authority.secureContext(host)) },
    ({ url }, response) => {
      const isThere = url === `/download/v1.0.0/${NAME}`
      response.writeHead(isThere ? 200 : 404).end(isThere ? readFileSync(EXECUTABLE) : 'not found')
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('the server listens on no port')
  const releases = `https://localhost:${address.port}/download`
  return async (given, arch = 'X64') => {
    const folder = t.testdir({
      tmp: {},
      'ca.pem': authority.pem,
      cluster: {
        'good one.yaml': `${MANIFEST}arn:aws:iam::123456789012:role/a\n      username: a\n      groups: [a]\n`,
      },
      'bad.yaml': `${MANIFEST}x\n      username: a\n      groups: [a]\n`,
    })
    const result = await runBinary('bash', ['-c', script], {
      cwd: folder,
      env: {
        ...variablesOf({ releases, version: '1.0.0', sha256: SHA256, ...given }),
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        TMPDIR: join(folder, 'tmp'),
        CURL_CA_BUNDLE: join(folder, 'ca.pem'),
        RUNNER_OS: 'Linux',
        RUNNER_ARCH: arch,
      },
    })
    t.strictSame(readdirSync(join(folder, 'tmp')), [], 'the download is removed')
    return { ...result, folder }
  }
}

t.test('the step downloads a release, checks it and annotates the findings', async (t) => {
  const run = await startReleases(t)
  const good = await run({ files: 'cluster/*.yaml\n' })
  t.match(good, { code: 0, stdout: '1 file checked: no problems\n' }, good.stderr)
  const bad = await run({ files: 'cluster/*.yaml\nbad.yaml', 'sarif-file': 'lint.sarif' })
  t.match(bad, { code: 1, stdout: /^::error file=bad\.yaml,line=6,col=16::mapRoles\[0\]\.rolearn: / })
  t.match(JSON.parse(readFileSync(join(bad.folder, 'lint.sarif'), 'utf8')), { version: '2.1.0' })
  t.match(await run({ files: '--help' }), { code: 1, stderr: /can't read --help/ }, 'a file is not a flag')
})

t.test('the step runs no other program than the one with the checksum', async (t) => {
  const run = await startReleases(t)
  const files = 'cluster/*.yaml'
  const rows: readonly (readonly [given: Readonly<Record<string, string>>, message: RegExp, arch?: string])[] = [
    [{ sha256: SHA256.replaceAll(/./g, '0') }, /^::error::the executable has the SHA-256 [0-9a-f]{64}, not the input/m],
    [{ sha256: '' }, /^::error::the input sha256 is not a SHA-256/m],
    [{ version: '1.0.0/../../x' }, /^::error::the input version is not a release/m],
    [{ releases: 'http://localhost:1/download' }, /rotocol/],
    [{ releases: '' }, /localhost port 1|connect to server/],
    [{ version: '0.2.0' }, /404/],
    [{}, /^::error::no executable for this runner/m, 'ARM'],
  ]
  for (const [given, message, arch] of rows) {
    const { code, stdout, stderr } = await run({ files, ...given }, arch)
    t.not(code, 0)
    t.match(stdout + stderr, message)
    t.notMatch(stdout, /file checked/)
  }
})
