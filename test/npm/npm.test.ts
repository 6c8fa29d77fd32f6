// Packs the packages as publishing does, installs the files with npm into an empty project, and uses them there.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { document } from '../docs/documents.ts'
import { apiReport } from './harness/api-report.ts'
import { startApiServer } from './harness/api-server.ts'
import { createProject, packAll, run, runWell, workspaceProgram } from './harness/project.ts'

const ROLE_ARN = 'arn:aws:iam::123456789012:role/Reader'
const API_REPORT = join(import.meta.dirname, 'api.txt')
const LIBRARIES = ['client', 'server'] as const

// Outside of the repository, so that no package is found in its node_modules.
const folder = mkdtempSync(join(tmpdir(), 'authenticator-npm-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const packed = await packAll(join(folder, 'packed'))
const project = join(folder, 'project')
await createProject(project, packed)
const installed = (name: string): string => join(project, 'node_modules', '@aws-iam-authenticator', name)

/** The runtimes that package.json names, and Node.js of the tests. */
const RUNTIMES: ReadonlyMap<string, string> = new Map([
  ['Node.js 22', join(project, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')],
  ['Node.js 24', workspaceProgram('node')],
  ['Bun', workspaceProgram('bun')],
])

const aws = await startSandboxAws({
  identities: new Map([[USER_KEY_ID, USER]]),
  roles: new Map([[ROLE_ARN, { roleId: 'AROAREADERREADERREADER', trusts: [USER.arn] }]]),
})
t.teardown(() => aws.close())
const cluster = await startApiServer({ clusterId: 'my-cluster', environment: aws.environment })
t.teardown(() => cluster.close())

const ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOME: folder,
  ...aws.environment,
  NO_PROXY: '127.0.0.1',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: USER_KEY_ID,
  AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
  CLUSTER_URL: cluster.url,
  NODE_EXTRA_CA_CERTS: join(folder, 'cluster.pem'),
  KUBECONFIG: join(folder, 'kubeconfig'),
}
writeFileSync(ENVIRONMENT.NODE_EXTRA_CA_CERTS, cluster.ca)
await writeKubeconfig(ENVIRONMENT.KUBECONFIG, {
  server: cluster.url,
  certificateAuthority: cluster.ca,
  user: { exec: {} },
})
// The user has no credentials of its own.
const kubeconfig = readFileSync(ENVIRONMENT.KUBECONFIG, 'utf8').replace(/user: *\n *exec: \{\}/, 'user: {}')
writeFileSync(
  ENVIRONMENT.KUBECONFIG,
  kubeconfig
    .replace(/name: sandbox\n( *)user: \{\}/, 'name: alice\n$1user: {}')
    .replace('user: sandbox', 'user: alice'),
)

/** The examples of the READMEs: the heading, the program's file, and what it prints. */
const EXAMPLES: readonly (readonly [heading: string, prints: RegExp, caller?: string])[] = [
  ['One token', /^a token of \d+ characters until 20\S+Z\n$/],
  ['One token', /^a token until 20\S+Z\n$/],
  ['Tokens that renew themselves', /^status 200\n$/, USER.arn],
  ['@kubernetes/client-node', /^default\n$/, USER.arn],
  ['Errors', /^unknown_profile: .*"wrok"/],
  ['A webhook of your own', /^refused: malformed_token\n$/],
]

const blocks = LIBRARIES.flatMap((name) =>
  document(`packages/${name}/README.md`).blocks.filter(({ language }) => /^(?:ts|js)$/.test(language)),
)
const programs = blocks.map(({ language, text }, index) => {
  const name = `example-${index}`
  writeFileSync(join(project, `${name}.${language === 'ts' ? 'ts' : 'cjs'}`), text)
  return `${name}.${language === 'ts' ? 'js' : 'cjs'}`
})

t.test('strict TypeScript accepts the examples, without skipLibCheck', async (t) => {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    allowJs: true,
    checkJs: true,
    types: ['node'],
    module: 'nodenext',
    target: 'es2024',
    rootDir: '.',
    outDir: 'built',
  }
  const files = blocks.map(({ language }, index) => `example-${index}.${language === 'ts' ? 'ts' : 'cjs'}`)
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const { code, stdout } = await run([workspaceProgram('tsc')], project)
  t.equal(code, 0, stdout)
  writeFileSync(
    join(project, 'wrong.ts'),
    "import { getToken } from '@aws-iam-authenticator/client'\nvoid getToken({})\n",
  )
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['wrong.ts'] }))
  const wrong = await run([workspaceProgram('tsc')], project)
  t.match(wrong.stdout, /wrong\.ts.*TS2741/, 'and refuses one without clusterId')
})

for (const [runtime, program] of RUNTIMES) {
  t.test(`the examples on ${runtime}`, async (t) => {
    t.equal(programs.length, EXAMPLES.length)
    for (const [index, [heading, prints, caller]] of EXAMPLES.entries()) {
      t.equal(blocks[index]?.heading, heading)
      cluster.callers.length = 0
      const example = join('built', programs[index] ?? '')
      const { code, stdout, stderr } = await run([program, example], project, ENVIRONMENT)
      t.equal(code, 0, `${example}: ${stderr}`)
      t.match(stdout, prints, example)
      t.strictSame(cluster.callers, caller === undefined ? [] : [caller], example)
    }
  })
}

t.test('the command', async (t) => {
  const shown = await runWell(['npx', 'aws-iam-authenticator', 'token', '-i', 'my-cluster'], project, ENVIRONMENT)
  t.match(JSON.parse(shown), { kind: 'ExecCredential', status: { token: /^k8s-aws-v1\./ } })
  const node = RUNTIMES.get('Node.js 22') ?? ''
  const program = join(installed('cli'), 'dist', 'aws-iam-authenticator.cjs')
  const token = await runWell([node, program, 'token', '-i', 'my-cluster', '--token-only'], project, ENVIRONMENT)
  t.match(token, /^k8s-aws-v1\.\S+\n$/)
  t.match(await runWell([node, program, 'version', '-o', 'text'], project, ENVIRONMENT), /^aws-iam-authenticator 1\./)
})

t.test('a package has its documents and the files that it exports, and nothing else', (t) => {
  t.equal(packed.size, 8)
  for (const name of packed.keys()) {
    const files = readdirSync(installed(name), { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
    const allowed = name === 'cli' ? /\.(?:cjs|txt)$/ : /\.(?:js|d\.ts)$/
    const others = files.filter(({ parentPath, name: file }) => !parentPath.includes('/dist') || !allowed.test(file))
    t.strictSame(others.map((file) => file.name).toSorted(), ['LICENSE', 'README.md', 'package.json'], name)
    const manifest = readFileSync(join(installed(name), 'package.json'), 'utf8')
    t.notMatch(manifest, /workspace:|aws-iam-authenticator-source/, name)
  }
  t.end()
})

for (const [name, file] of packed) {
  t.test(`publint and attw: ${name}`, async (t) => {
    const lint = await run([workspaceProgram('publint'), '--strict', file], project)
    t.equal(lint.code, 0, lint.stdout)
    // The others have no main entry.
    if (name !== 'client' && name !== 'server') return
    // Every supported runtime can require ES modules.
    const options = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--no-emoji']
    const types = await run([workspaceProgram('attw'), ...options, file], project)
    t.equal(types.code, 0, types.stdout)
  })
}

t.test('the interface of the libraries is that of api.txt', (t) => {
  const report = LIBRARIES.map((name) => apiReport(`@aws-iam-authenticator/${name}`, installed(name))).join('\n')
  if (process.env['RENEW_API'] === '1') writeFileSync(API_REPORT, report)
  t.equal(report, readFileSync(API_REPORT, 'utf8'), 'after a change of the interface: RENEW_API=1, and CHANGELOG.md')
  t.end()
})
