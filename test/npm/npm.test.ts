// Packs the packages as publishing does, installs the files with npm into an empty project, and uses them there.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { document } from '../docs/documents.ts'
import { apiReport } from './harness/api-report.ts'
import { startCluster } from './harness/cluster.ts'
import { createProject, packAll, run, runWell, workspaceProgram } from './harness/project.ts'

const ACCOUNT_ID = '123456789012'
const USER_KEY_ID = 'AKIAUSERUSERUSERUSER'
/** Alice of the README's webhook. */
const USER = {
  accountId: ACCOUNT_ID,
  arn: `arn:aws:iam::${ACCOUNT_ID}:user/alice`,
  userId: 'AIDAALICEALICEALICEAL',
  secretAccessKey: randomBytes(30).toString('base64'),
}
const ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/Reader`
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
const cluster = await startCluster(t, project)

const ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOME: folder,
  ...aws.environment,
  NO_PROXY: '127.0.0.1',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: USER_KEY_ID,
  AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
  CLUSTER_URL: cluster.api.url,
  NODE_EXTRA_CA_CERTS: join(folder, 'cluster.pem'),
  KUBECONFIG: join(folder, 'kubeconfig'),
}
writeFileSync(ENVIRONMENT.NODE_EXTRA_CA_CERTS, cluster.api.ca)
await writeKubeconfig(ENVIRONMENT.KUBECONFIG, {
  server: cluster.api.url,
  certificateAuthority: cluster.api.ca,
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

/** The examples of the READMEs: the heading, what the program prints, and the user of kube-apiserver who logs in. */
const EXAMPLES: readonly (readonly [heading: string, prints: RegExp, user?: string])[] = [
  ['One token', /^status 200 with a token until 20\S+Z\n$/, 'reader'],
  ['One token', /^a token until 20\S+Z\n$/],
  ['Tokens that renew themselves', /^status 200\n$/, 'alice'],
  ['@kubernetes/client-node', /^default kube-\S.* kube-system\n$/, 'alice'],
  ['Errors', /^unknown_profile: .*"wrok"/],
  ['Verify a token', /^refused: malformed_token\n$/],
]
/** The last example is the webhook that kube-apiserver asks. */
const WEBHOOK = 'A webhook of your own'

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
  t.test(`the examples on ${runtime} log in to kube-apiserver`, async (t) => {
    t.strictSame(
      blocks.map(({ heading }) => heading),
      [...EXAMPLES.map(([heading]) => heading), WEBHOOK],
    )
    const stop = await cluster.startWebhook([program, join('built', programs.at(-1) ?? '')], ENVIRONMENT)
    t.teardown(stop)
    for (const [index, [, prints, user]] of EXAMPLES.entries()) {
      const before = cluster.users().length
      const example = join('built', programs[index] ?? '')
      const { code, stdout, stderr } = await run([program, example], project, ENVIRONMENT)
      t.equal(code, 0, `${example}: ${stderr}`)
      t.match(stdout, prints, example)
      t.strictSame(cluster.users().slice(before), user === undefined ? [] : [user], example)
    }
    const stranger = { ...ENVIRONMENT, AWS_SECRET_ACCESS_KEY: 'wrong' }
    const example = join('built', programs[2] ?? '')
    t.match(await run([program, example], project, stranger), { stdout: 'status 401\n' }, 'another signature')
  })
}

t.test('npx runs the command as the exec plugin of kubectl', async (t) => {
  t.teardown(await cluster.startWebhook([workspaceProgram('node'), join('built', programs.at(-1) ?? '')], ENVIRONMENT))
  const kubeconfig = await cluster.api.writeKubeconfig(folder, {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      interactiveMode: 'Never',
      command: 'npx',
      args: ['@aws-iam-authenticator/cli', 'token', '-i', 'my-cluster'],
    },
  })
  const environment = { ...ENVIRONMENT, KUBECONFIG: kubeconfig }
  const shown = await runWell([await kubectl('1.35'), 'auth', 'whoami', '-o', 'json'], project, environment)
  t.match(JSON.parse(shown), {
    status: { userInfo: { username: 'alice', groups: ['viewers', 'system:authenticated'] } },
  })
})

t.test('the command', async (t) => {
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
