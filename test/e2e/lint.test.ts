import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import t, { type Test } from 'tap'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'
import { startPersonCluster } from './harness/person-cluster.ts'
import { noTerminal, openCommand } from './harness/terminal.ts'

const ARN = 'arn:aws:iam::123456789012'
const ENTRY = `- rolearn: ${ARN}:role/Admin\n  username: admin\n  groups: [system:masters]\n`

function manifest(mapRoles: string): string {
  const lines = mapRoles.split('\n').filter((line) => line !== '')
  const block = lines.map((line) => `    ${line}\n`).join('')
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n${block}`
}

type Lint = (args: readonly string[], input?: string) => Promise<Finished>

/** A folder with these files, in which lint runs. */
function lintIn(t: Test, files: Readonly<Record<string, string>>): Lint {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return (args, input = '') =>
    runCommand(['lint', ...args], { cwd: folder, input, environment: minimalEnvironment(folder) })
}

/** `file:line:column: severity` of each finding. */
function places({ stdout }: Finished): string[] {
  return [...stdout.matchAll(/^(\S+?:\d+:\d+: \w+): /gm)].map(([, place = '']) => place)
}

t.test('valid files pass', async (t) => {
  const lint = lintIn(t, {
    'aws-auth.yaml': manifest(ENTRY),
    'config.yaml': 'clusterID: k8s.local\nserver:\n  mapAccounts: ["123456789012"]\n',
    'config.toml': 'clusterID = "k8s.local"\n[server]\nport = 21362\n',
    'config.json': '{"clusterID": "k8s.local"}',
    'dynamic.json': '{"mapRoles": [], "Version": "1"}',
    'backends.json': '{"backendMode": "CRD MountedFile"}',
    'other.yaml': 'apiVersion: v1\nkind: Secret\n',
  })
  const all = ['aws-auth.yaml', 'config.yaml', 'config.toml', 'config.json', 'dynamic.json', 'backends.json']
  t.match(await lint(all), { code: 0, stderr: '', stdout: '6 files checked: no problems\n' })
  t.match(await lint(['other.yaml']), { code: 0, stdout: /^1 file checked, 1 with nothing to check: no problems\n$/ })
  t.match(await lint(['-', '--strict'], manifest(ENTRY)), { code: 0, stdout: /no problems/ })
})

t.test('errors exit with 1, warnings only with --strict', async (t) => {
  const typo = manifest(`${ENTRY}  usrname: x\n`)
  const lint = lintIn(t, { 'good.yaml': manifest(ENTRY), 'warned.yaml': typo, 'bad.yaml': manifest('- rolearn: x\n') })
  const warned = await lint(['good.yaml', 'warned.yaml'])
  t.equal(warned.code, 0)
  t.same(places(warned), ['warned.yaml:9:16: warning'])
  t.match(warned.stdout, /did you mean username\?/)
  t.equal((await lint(['--strict', 'warned.yaml'])).code, 1)
  const bad = await lint(['bad.yaml', 'warned.yaml'])
  t.equal(bad.code, 1)
  t.same(places(bad), ['bad.yaml:6:7: warning', 'bad.yaml:6:16: error', 'warned.yaml:9:16: warning'])
  t.equal(bad.stderr, '')
})

t.test('a configuration file: types, typos, and settings without effect', async (t) => {
  const lines = [
    'clusterID: k8s.local',
    'server:',
    '  port: eighty',
    '  adress: 127.0.0.1',
    '  backendMode: [EKSConfigMap]',
    '  dynamicfileUserIDStrict: true',
    '  sourceARN: arn:aws:eks:us-west-2:123456789012:cluster/x',
    '  mapRoles:',
    `    - rolearn: ${ARN}:role/a`,
    '      username: a',
    '  reservedPrefixConfig:',
    '    - backendMode: CRD',
    "      usernamePrefixReserveList: ['system:']",
  ]
  const lint = lintIn(t, { 'config.yaml': `${lines.join('\n')}\n`, 'both.yaml': 'server:\n  dynamicfilepath: /x\n' })
  const found = await lint(['config.yaml'])
  t.equal(found.code, 1)
  const expected = [
    '3:9: error',
    '4:11: warning',
    '6:28: warning',
    '7:14: warning',
    '9:5: warning',
    '9:7: warning',
    '12:5: warning',
  ]
  t.same(
    places(found),
    expected.map((place) => `config.yaml:${place}`),
  )
  t.match(await lint(['both.yaml']), { code: 0, stdout: /^both\.yaml:2:20: warning: .*DynamicFile/ })
  const nested = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  config.yaml: |\n    clusterID: x\n    server:\n      prot: 1\n`
  t.match(await lint(['-'], nested), { code: 0, stdout: /^stdin:8:13: warning: server\.prot: .*port\?/ })
})

t.test('feature gates come from the flag, from --config and from the file itself', async (t) => {
  const sso = `- sso: {permissionSetName: Admin, accountID: "123456789012"}\n  username: a\n  groups: [a]\n`
  const config = `clusterID: x\nserver:\n  mapRoles:\n  - sso: {permissionSetName: A, accountID: "123456789012"}\n    username: a\n    groups: [a]\n`
  const gates = 'feature-gates: {SSORoleMatch: true}\n'
  const lint = lintIn(t, {
    'aws-auth.yaml': manifest(sso),
    'gates.yaml': gates,
    'config.yaml': config,
    'open.yaml': gates + config,
  })
  t.match(await lint(['aws-auth.yaml']), { code: 0, stdout: /warning: .*SSORoleMatch=true/ })
  t.match(await lint(['config.yaml']), { code: 0, stdout: /warning: .*SSORoleMatch=true/ })
  for (const args of [
    ['aws-auth.yaml', '--feature-gates=SSORoleMatch=true'],
    ['aws-auth.yaml', '-c', 'gates.yaml'],
    ['open.yaml'],
    ['config.yaml', '--feature-gates=SSORoleMatch=true'],
  ]) {
    t.match(await lint(args), { code: 0, stdout: /no problems/ })
  }
})

t.test('JSON for scripts', async (t) => {
  const lint = lintIn(t, { 'bad.yaml': manifest('- rolearn: x\n  username: a\n  groups: [a]\n') })
  const { code, stdout } = await lint(['bad.yaml', '-o', 'json'])
  t.equal(code, 1)
  const report: unknown = JSON.parse(stdout)
  t.match(report, {
    checked: [{ name: 'bad.yaml', kind: 'manifests' }],
    findings: [
      { severity: 'error', file: 'bad.yaml', line: 6, column: 16, path: 'mapRoles[0].rolearn', message: /ARN/ },
    ],
    errors: 1,
    warnings: 0,
  })
  t.equal(Object.keys(report ?? {}).join(), 'checked,findings,errors,warnings')
})

t.test('a reserved username', async (t) => {
  const lint = lintIn(t, {})
  const entry =
    '  mapRoles: [{rolearn: "arn:aws:iam::123456789012:role/a", username: "system:{{SessionName}}", groups: [a]}]\n'
  const reserved = '  reservedPrefixConfig: [{backendMode: MountedFile, usernamePrefixReserveList: ["system:"]}]\n'
  const found = await lint(['-'], `clusterID: x\nserver:\n${entry}${reserved}`)
  t.match(found, {
    code: 0,
    stdout: /^stdin:3:14: warning: server\.mapRoles\[0\]: refuses every identity that matches it/,
  })
})

t.test('output of kubectl', { skip: !binariesRunHere && 'kubectl does not run here' }, async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: `${ENTRY}- rolearn: x\n  usrname: a\n` })
  const env = { HOME: cluster.folder, KUBECONFIG: cluster.kubeconfig }
  const get = ['get', 'configmap', '-n', 'kube-system', '--field-selector=metadata.name=aws-auth']
  for (const format of ['yaml', 'json']) {
    const printed = await runBinary(await kubectl('1.35'), [...get, '-o', format], { env, cwd: cluster.folder })
    t.equal(printed.code, 0, printed.stderr)
    const lines = printed.stdout.split('\n')
    const found = await cluster.run(['lint', '-', '-o', 'json'], { input: printed.stdout })
    t.equal(found.code, 1, found.stderr)
    const findings = [property(JSON.parse(found.stdout), 'findings')].flat()
    t.match(
      findings,
      [{ path: 'mapRoles[1]' }, { path: 'mapRoles[1].rolearn' }, { path: 'mapRoles[1].usrname' }],
      format,
    )
    for (const [index, first] of [/^rolearn: x/, /^x/, /^a/].entries()) {
      const { line, column } = {
        line: Number(property(findings[index], 'line')),
        column: Number(property(findings[index], 'column')),
      }
      t.match(lines[line - 1]?.slice(column - 1), first, format)
    }
  }
})

t.test('usage errors', async (t) => {
  const lint = lintIn(t, { 'x.yaml': 'hello: world\n', 'empty.yaml': '' })
  t.match(await lint([]), {
    code: 1,
    stdout: '',
    stderr: /^Error: nothing to check: .*; run "aws-iam-authenticator lint --help"\n$/,
  })
  t.match(await lint(['nowhere.yaml']), { code: 1, stdout: '', stderr: /^Error: can't read nowhere\.yaml: / })
  const token = await lint(['k8s-aws-v1.secret'])
  t.match(token, { code: 1, stdout: '', stderr: /^Error: there is a token where a file must be/ })
  t.notMatch(token.stderr, 'secret')
  t.match(await lint(['x.yaml']), { code: 1, stdout: /^x\.yaml:1:1: error: is nothing that can be checked/ })
  t.match(await lint(['empty.yaml']), { code: 1, stdout: /^empty\.yaml:1:1: error: is empty/ })
})

t.test('text of a file cannot control the terminal', async (t) => {
  const hostile = manifest(String.raw`- {rolearn: "\e]0;owned\a\u202e\x9b2J", username: a, groups: [a]}`)
  const lint = lintIn(t, { 'bad.yaml': hostile })
  for (const more of [[], ['-o', 'json']]) {
    const { code, stdout } = await lint(['bad.yaml', ...more])
    t.equal(code, 1)
    t.notMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
    t.match(stdout, /\\u001b/)
  }
})

t.test('a live cluster', async (t) => {
  const data = { mapRoles: `${ENTRY}- rolearn: x\n`, maproles: '[]' }
  const cluster = await startPersonCluster(t, data)
  cluster.api.putIdentityMapping('odd', { arn: 'nonsense', username: 'a', groups: ['a'] })
  const found = await cluster.run(['lint', '--kubeconfig', cluster.kubeconfig, '-o', 'json'])
  t.equal(found.code, 1, found.stderr)
  t.match(JSON.parse(found.stdout), {
    checked: [{ kind: 'aws_auth' }, { kind: 'identity_mappings' }],
    findings: [
      { file: 'aws-auth mapRoles', line: 4, severity: 'warning' },
      { file: 'aws-auth mapRoles', line: 4, severity: 'error' },
      { file: 'aws-auth', path: 'maproles' },
      { file: 'IAMIdentityMapping odd', path: 'IAMIdentityMapping odd spec.arn', severity: 'error' },
    ],
    errors: 2,
  })
  t.notOk(found.stdout.includes(cluster.token))
  t.same(cluster.writes(), [])

  const byVariable = await cluster.run(['lint', '--cluster'], { environment: { KUBECONFIG: cluster.kubeconfig } })
  t.match(byVariable, { code: 1, stdout: /2 sources checked: 2 errors/ })
  t.match(await cluster.run(['lint', '--cluster']), {
    code: 1,
    stdout: '',
    stderr: /name a kubeconfig with --kubeconfig/,
  })
  const stranger = await cluster.writeKubeconfig('stranger', { token: 'nobody' })
  const refused = await cluster.run(['lint', '--kubeconfig', stranger])
  t.match(refused, { code: 1, stdout: /^aws-auth of https:.*:1:1: error: can't be read: .*401/ })
})

t.test('the pre-commit hook starts the command for the right files', async (t) => {
  const { parse } = await import('yaml')
  const hooks: unknown = parse(readFileSync(new URL('../../.pre-commit-hooks.yaml', import.meta.url), 'utf8'))
  const [hook] = Array.isArray(hooks) ? hooks.map((item: unknown) => item) : []
  t.match(hook, { id: 'aws-iam-authenticator-lint', entry: 'aws-iam-authenticator lint', language: 'system' })
  const files = new RegExp(String(property(hook, 'files')))
  for (const path of [
    'aws-auth.yaml',
    'k8s/aws-auth-prod.yml',
    'x/identity-mappings.yaml',
    'deploy/aws-iam-authenticator/config.yaml',
  ]) {
    t.match(path, files)
  }
  t.notMatch('k8s/deployment.yaml', files)
})

t.test('on a terminal it has colours and symbols, and fits 80 columns', { skip: noTerminal }, async (t) => {
  const home = temporaryFolder(t)
  writeFileSync(join(home, 'bad.yaml'), manifest('- rolearn: x\n'))
  const shown = await (
    await openCommand(t, ['lint', join(home, 'bad.yaml')], home, { LC_ALL: 'C.UTF-8' })
  ).waitFor('exit 1')
  t.match(shown, /✗ 1 file checked: 1 error, 1 warning/)
  for (const line of shown.split('\n')) if (!line.includes('bad.yaml')) t.ok(line.trimEnd().length <= 80, line)
})

t.test('keys and templates for JWTs', async (t) => {
  const entry = (more: string): string => `- {rolearn: "${ARN}:role/A", username: a, groups: [a], ${more}}\n`
  const lint = lintIn(t, {
    'good.yaml': manifest(entry(`principalTags: {team: [a, b], "cost: center": "42"}, orgId: o-a1b2c3d4e5`)),
    'bad.yaml': manifest(
      entry('principalTags: {team: []}') +
        entry('principal_tags: {team: a}') +
        entry('ouPath: ou-ab12-11111111') +
        entry('sourceIdentity: alice, principalid: AROA1'),
    ),
    'template.yaml': manifest(`- {rolearn: "${ARN}:role/A", username: 'u:{{PrincipalTag team}}', groups: [a]}\n`),
  })
  t.match(await lint(['good.yaml']), { code: 0, stdout: /no problems/ })
  const { code, stdout } = await lint(['bad.yaml'])
  t.equal(code, 1)
  for (const found of [
    /mapRoles\[0\]\.principalTags\.team: is an empty list, which matches no one: name values, or remove the key/,
    /mapRoles\[1\]\.principal_tags: is not a known key \(did you mean principalTags\?\)/,
    /mapRoles\[2\]\.ouPath: "ou-ab12-11111111" is not the path of an organizational unit: write one such as o-/,
    /mapRoles\[3\]\.principalid: is not for JWTs, but .* are for JWTs only: write two entries/,
  ]) {
    t.match(stdout, found)
  }
  t.match(await lint(['template.yaml']), {
    code: 0,
    stdout: /\{\{PrincipalTag team\}\} is not a template and stays as it is \(write \{\{PrincipalTag "team"\}\}/,
  })
})
