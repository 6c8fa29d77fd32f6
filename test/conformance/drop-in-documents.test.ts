import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startCluster } from '../e2e/harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from '../e2e/harness/command.ts'
import { startDynamicServer } from '../e2e/harness/dynamic.ts'
import { logIn, roleArn, roleToken, tokenOf, valueAt } from '../e2e/harness/logins.ts'
import { startTestServer, type LogLine, type TestServer } from '../e2e/harness/server.ts'
import { startAws } from '../e2e/harness/webhook.ts'
import type { SandboxAws } from '../sandbox/aws/sandbox.ts'

/** The username and groups of a session of a role, as JSON; else what {@link logIn} returns. */
async function userOf(server: TestServer, aws: SandboxAws, role: string): Promise<string> {
  const { status, json } = await server.review(roleToken(aws, role))
  if (status !== 200 || valueAt(json, 'status', 'authenticated') !== true) return `refused, status ${status}`
  const [username, groups = []] = ['username', 'groups'].map((key) => valueAt(json, 'status', 'user', key))
  return `${String(username)} ${JSON.stringify(groups)}`
}

/** The messages of log lines of level `warning`. */
function warningsOf(log: readonly LogLine[]): string {
  const warnings = log.filter(({ level, msg }) => level === 'warning' && msg !== 'access denied')
  return warnings.map(({ msg }) => String(msg)).join('\n')
}

interface Row {
  readonly name: string
  /** The list that is read. */
  readonly text: string
  /** The username and groups of the roles. */
  readonly users: Readonly<Record<string, string>>
  /** Matches the warnings in the log. */
  readonly warning?: RegExp
}

const REFUSED = 'refused, status 200'
const entry = (role: string, more = ''): string => `- rolearn: ${roleArn(role)}\n  username: ${role}\n${more}`

const AWS_AUTH_ROWS: readonly Row[] = [
  { name: 'a byte order mark', text: `\ufeff${entry('A')}`, users: { A: 'A []' } },
  {
    name: 'further documents behind ---',
    text: `---\n${entry('A')}---\n${entry('B')}`,
    users: { A: 'A []', B: REFUSED },
    warning: /aws-auth mapRoles:4:1: ends the first document/,
  },
  {
    name: 'text that is not YAML behind ...',
    text: `\ufeff${entry('A')}...\n}${entry('B')}`,
    users: { A: 'A []', B: REFUSED },
    warning: /aws-auth mapRoles:3:1: ends the first document/,
  },
  { name: 'an end with nothing behind it', text: `${entry('A')}...\n---\n# none\n`, users: { A: 'A []' } },
  {
    name: 'a key twice: the last one counts',
    text: entry('A', `  groups: [system:masters]\n  username: a\n  groups: [view]\n`),
    users: { A: 'a ["view"]' },
    warning: /mapRoles\[0\]\.username: has no effect, because the key is there again/,
  },
  {
    name: 'a key twice in different case: the entry is rejected',
    text: `${entry('A', '  Groups: [system:masters]\n  groups: [view]\n')}${entry('B')}`,
    users: { A: REFUSED, B: 'B []' },
  },
  {
    name: 'a key beside the same key in a merge: the later of the two counts',
    text: `${entry('A', '  groups: [view]\n  <<: {groups: [edit]}\n')}${entry('B', '  <<: {groups: [edit]}\n  groups: [view]\n')}`,
    users: { A: 'A ["edit"]', B: 'B ["view"]' },
  },
  {
    name: 'groups that are one text: no groups',
    text: entry('A', '  groups: system:masters\n'),
    users: { A: 'A []' },
    warning: /mapRoles\[0\]\.groups: is not a list/,
  },
  {
    name: 'a malformed ARN takes only its entry away',
    text: `- rolearn: Admin\n  username: admin\n${entry('A')}`,
    users: { A: 'A []' },
  },
  {
    name: 'an sso entry without its gate: it matches no one',
    text: `- sso: {permissionSetName: Ops, accountID: "111122223333"}\n  username: ops\n${entry('A')}`,
    users: { A: 'A []', AWSReservedSSO_Ops_0123456789abcdef: REFUSED },
    warning: /mapRoles\[0\]: needs --feature-gates=SSORoleMatch=true/,
  },
]

const manifestOf = (mapRoles: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'aws-auth', namespace: 'kube-system' },
    data: { mapRoles },
  })

t.test('aws-auth is read as the reference reads it', async (t) => {
  const aws = await startAws(t)
  const cluster = await startCluster(t)
  const args = ['--backend-mode=EKSConfigMap', `--kubeconfig=${cluster.kubeconfig}`]
  const server = await startTestServer(t, { aws, args })
  const loads = (): number => server.log().filter(({ msg }) => msg === 'kube-system/aws-auth loaded').length
  for (const { name, text, users, warning } of AWS_AUTH_ROWS) {
    await t.test(name, async (t) => {
      const [before, { length }] = [loads(), server.log()]
      cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: text })
      await server.waitForLog(() => loads() > before)
      for (const [role, expected] of Object.entries(users)) t.equal(await userOf(server, aws, role), expected, role)
      t.match(warningsOf(server.log().slice(length)), warning ?? /^$/)
    })
  }
})

const configurationOf = (server: string): string => `clusterID: k8s.local\nserver:\n${server}`
const role = (name: string, more: string): string => `  - {rolearn: "${roleArn(name)}", ${more}}\n`

const CONFIGURATION_ROWS: readonly (Row & { readonly args?: readonly string[] })[] = [
  {
    name: 'an empty map and an empty text are empty lists',
    text: configurationOf('  mapRoles: {}\n  mapUsers: ""\n  mapAccounts: {}\n'),
    users: { A: REFUSED },
  },
  {
    name: 'a map is a list of one',
    text: configurationOf(`  mapRoles: {rolearn: "${roleArn('A')}", username: a, groups: {}}\n`),
    users: { A: 'a []' },
  },
  {
    name: 'unquoted numbers and words are text',
    text: configurationOf(
      `  mapRoles:\n${role('A', 'username: 1001, groups: [2, yes]')}${role('B', 'username: no, groups: 7')}`,
    ),
    users: { A: '1001 ["2","yes"]', B: 'no ["7"]' },
  },
  {
    name: 'further documents are ignored',
    text: `${configurationOf(`  mapRoles:\n${role('A', 'username: a')}`)}---\nserver: {mapRoles: [}\n`,
    users: { A: 'a []' },
    warning: /config\.yaml:5:1: ends the first document/,
  },
  {
    name: 'keys with a dot are read, and win',
    text: `server.mapRoles:\n${role('A', 'username: a')}${configurationOf(`  mapRoles:\n${role('B', 'username: b')}`)}`,
    users: { A: 'a []', B: REFUSED },
    warning: /config\.yaml:6:3: server\.mapRoles: has no effect, because the key server\.mapRoles is there/,
  },
  {
    name: 'an sso entry without its gate: it matches no one',
    text: configurationOf(
      `  mapRoles:\n  - {sso: {permissionSetName: Ops, accountID: "111122223333"}, username: ops}\n${role('A', 'username: a')}`,
    ),
    users: { A: 'a []', AWSReservedSSO_Ops_0123456789abcdef: REFUSED },
    warning: /config\.yaml:4:5: server\.mapRoles\[0\]: needs --feature-gates=SSORoleMatch=true/,
  },
  {
    name: 'reserved prefixes of an older and of an unknown backend have no effect',
    text: configurationOf(
      '  reservedPrefixConfig:\n  - {backendMode: File, usernamePrefixReserveList: [a]}\n' +
        `  - {backendMode: Foo, usernamePrefixReserveList: [a]}\n  mapRoles:\n${role('A', 'username: a')}`,
    ),
    users: { A: 'a []' },
    warning: /has no effect: "File" is the older name of a backend; write MountedFile[^]*has no effect: "Foo" is not/,
  },
  {
    name: 'a backend by both of its names is asked once',
    text: configurationOf(`  mapRoles:\n${role('A', 'username: a')}`),
    args: ['--backend-mode=File,MountedFile'],
    users: { A: 'a []' },
    warning: /backend MountedFile is named by both of its names, and is asked once: remove MountedFile/,
  },
]

t.test('config.yaml is read as the reference reads it', async (t) => {
  for (const { name, text, users, warning, args = [] } of CONFIGURATION_ROWS) {
    await t.test(name, async (t) => {
      const aws = await startAws(t)
      const server = await startTestServer(t, { aws, configuration: text, args })
      for (const [name, expected] of Object.entries(users)) t.equal(await userOf(server, aws, name), expected, name)
      if (warning !== undefined) t.match(warningsOf(server.log()), warning)
    })
  }
})

type Run = (args: readonly string[]) => Promise<Finished>

/** A folder with these files, and the command run there. */
function runIn(t: Test, files: Readonly<Record<string, string>>): Run {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return (args) => runCommand(args, { cwd: folder, environment: minimalEnvironment(folder) })
}

t.test('yes and no are booleans in config.yaml, and only there', async (t) => {
  const aws = await startAws(t)
  const text = configurationOf('  kubeconfigPregenerated: yes\n  dynamicfileUserIDStrict: off\n')
  const server = await startTestServer(t, { aws, configuration: `cache: no\n${text}` })
  await server.stop()
  t.notOk(existsSync(server.kubeconfig), 'kubeconfigPregenerated is true')
  const { stderr } = await runIn(t, { 'config.yaml': text })(['server', '--kubeconfig-pregenerated=yes'])
  t.match(stderr, /"yes" is neither true nor false/)
})

t.test('init starts with an sso entry without its gate', async (t) => {
  const text = configurationOf(
    '  mapRoles:\n  - {sso: {permissionSetName: Ops, accountID: "111122223333"}, username: a}\n',
  )
  const { code, stderr } = await runIn(t, { 'config.yaml': text })(['init', '--config=config.yaml'])
  t.equal(code, 0, stderr)
  t.match(stderr, /needs --feature-gates=SSORoleMatch=true/)
})

t.test('all errors of config.yaml are reported at once', async (t) => {
  const text =
    'clusterID: a\nlog-verbosity: loud\nfeature-gates: Foo=true\nserver:\n  port: http\n  kubeconfigPregenerated: maybe\n' +
    '  mapRoles:\n  - {rolearn: Admin, username: a}\n  mapAccounts: ["12"]\n  backendMode: DynamicFile\n'
  const run = runIn(t, { 'config.yaml': text })
  for (const command of ['server', 'init']) {
    const { code, stdout, stderr } = await run([command, '--config=config.yaml'])
    t.same([code, stdout], [1, ''], command)
    const places = [...stderr.matchAll(/^ {2}config\.yaml:(\d+):\d+: /gm)].map(([, line]) => Number(line))
    t.same(places, [3, 5, 6, 8, 9], command)
    t.match(stderr, /level=warning msg=.*config\.yaml:2:.*loud.*using info/, command)
    t.match(stderr, /^ {2}backend DynamicFile has no file/m, command)
  }
  const { stderr } = await run(['server', '--config=config.yaml', '--port=1', '--log-verbosity=info'])
  t.same(
    [...stderr.matchAll(/^ {2}config\.yaml:(\d+):/gm)].map(([, line]) => Number(line)),
    [3, 6, 8, 9],
  )
})

function dynamicFileOf(mapRoles: readonly unknown[]): string {
  return JSON.stringify({ mapRoles, mapAccounts: ['12'] })
}

t.test('a malformed ARN in the dynamic file takes only its entry away', async (t) => {
  const good = { rolearn: roleArn('A'), username: 'a', groups: ['view'] }
  const { server, aws, map, complaints } = await startDynamicServer(t, {
    server: ({ map: path }) => `  dynamicfilepath: ${path}\n`,
    before: ({ map: path }) => writeFileSync(path, dynamicFileOf([{ rolearn: 'Admin', username: 'admin' }, good])),
  })
  t.equal(await userOf(server, aws, 'A'), 'a ["view"]')
  t.equal(await userOf(server, aws, 'B'), REFUSED)
  t.equal(await logIn(server, tokenOf(aws, 'arn:aws:iam::111122223333:user/x')), 'refused')
  const lines = await complaints('error', () => writeFileSync(map, dynamicFileOf([{ ...good, groups: 'view' }])), 2)
  t.match(String(lines[0]?.['msg']), /mapRoles\[0\]\.groups: must be a list/)
  t.equal(await userOf(server, aws, 'A'), 'a ["view"]', 'a value of the wrong type rejects the whole file, as there')
})

interface LintRow {
  readonly name: string
  readonly text: string
  readonly finding: RegExp
  /** Default 0. */
  readonly code?: number
}

const LINT_ROWS: readonly LintRow[] = [
  {
    name: 'groups that are one text',
    text: manifestOf(entry('A', '  groups: system:masters\n')),
    finding: /error: mapRoles\[0\]\.groups: is not a list: whoever matches the entry gets no groups/,
    code: 1,
  },
  {
    name: 'an ARN with a blank at its end',
    text: manifestOf(`- rolearn: "${roleArn('A')} "\n  username: a\n`),
    finding: /warning: .*matches no one: it has a blank at its end, remove it/,
  },
  {
    name: 'an ARN with a blank at its start',
    text: manifestOf(`- rolearn: " ${roleArn('A')}"\n  username: a\n`),
    finding: /error: .*is not the ARN of a role: it has a blank at its start, remove it/,
    code: 1,
  },
  {
    name: 'an ARN with a zero width space',
    text: manifestOf(`- rolearn: "${roleArn('A')}\u200b"\n  username: a\n`),
    finding: /warning: .*matches no one: it has U\+200B zero width space, remove it/,
  },
  {
    name: 'a username with a placeholder',
    text: manifestOf(`- rolearn: ${roleArn('A')}\n  username: <user name>\n`),
    finding: /warning: .*username "<user name>" has the placeholder <user name>: replace it/,
  },
  {
    name: 'a group with a placeholder',
    text: `server:\n  mapRoles:\n${role('A', 'username: a, groups: ["team-<team>"]')}`,
    finding: /warning: .*group "team-<team>" has the placeholder <team>: replace it/,
  },
  {
    name: 'system:masters with an invisible character',
    text: manifestOf(entry('A', '  groups: ["system:masters\u200b"]\n')),
    finding: /warning: .*group "system:masters\\u200b" has U\+200B zero width space, which does not show: remove it/,
  },
  {
    name: 'system:masters with a no-break space, in the dynamic file',
    text: JSON.stringify({ mapRoles: [{ rolearn: roleArn('A'), username: 'a', groups: ['system:masters\u00a0'] }] }),
    finding: /warning: .*has U\+00A0 no-break space, which does not show: remove it/,
  },
  {
    name: 'indentation by a no-break space',
    text: manifestOf(`- rolearn: ${roleArn('A')}\n\u00a0 username: a\n`),
    finding: /error: is not valid YAML: U\+00A0 no-break space is not indentation: indent with spaces/,
    code: 1,
  },
]

t.test('lint reports what the server accepts and nobody means', async (t) => {
  for (const { name, text, finding, code = 0 } of LINT_ROWS) {
    await t.test(name, async (t) => {
      const linted = await runIn(t, { 'checked.yaml': text })(['lint', 'checked.yaml'])
      t.match(linted.stdout, finding)
      t.equal(linted.code, code)
    })
  }
})
