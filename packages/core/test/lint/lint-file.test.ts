import { test } from 'tap'
import { lintBackendModeFile, lintDynamicFile, lintManifests } from '../../src/lint/lint-file.ts'

const RULES = { sso: false, rolePaths: false, userIdStrict: false }
const ARN = 'arn:aws:iam::123456789012'

interface Found {
  readonly problems: readonly {
    readonly severity: string
    readonly location: { readonly line: number; readonly column: number }
    readonly path: string
    readonly message: string
  }[]
}

/** `line:column severity path` of each problem. */
function places({ problems }: Found): string[] {
  return problems.map(({ severity, location: { line, column }, path }) => `${line}:${column} ${severity} ${path}`)
}

function awsAuth(data: string, metadata = 'name: aws-auth, namespace: kube-system'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {${metadata}}\ndata:\n${data}`
}

const GOOD = `    - rolearn: ${ARN}:role/a\n      username: a\n      groups: [a]\n`

void test('a valid aws-auth has no problems, alone, beside other objects and in a list', async (t) => {
  const good = awsAuth(`  mapRoles: |\n${GOOD}`)
  for (const text of [good, `apiVersion: v1\nkind: Secret\n---\n${good}`]) {
    t.match(lintManifests(text, 'f', RULES), { problems: [], objects: 1, configurations: [] })
  }
  const item = good.split('\n').map((line) => `  ${line}\n`)
  const list = `apiVersion: v1\nkind: List\nitems:\n- \n${item.join('')}`
  t.match(lintManifests(list, 'f', RULES), { problems: [], objects: 1 })
  t.match(lintManifests('apiVersion: v1\nkind: Secret\n', 'f', RULES), { problems: [], objects: 0 })
})

void test('places refer to the file', async (t) => {
  const rows: readonly (readonly [data: string, found: string[]])[] = [
    [`  mapRoles: |\n${GOOD}    - rolearn: x\n`, ['9:16 error mapRoles[1].rolearn', '9:7 warning mapRoles[1]']],
    [`  mapRoles: |\n${GOOD}${GOOD}`, ['6:7 warning mapRoles[0]']],
    [`  mapRoles: |\n    - rolearn: ${ARN}:role/a\n      username: a\n`, ['6:7 warning mapRoles[0]']],
    [
      `  mapRoles: |\n    - rolearn: ${ARN}:role/a\n      username: a\n      groups: [""]\n`,
      ['6:7 warning mapRoles[0]'],
    ],
    [
      `  mapRoles: |\n    - rolearn: ${ARN}:role/t/a\n      username: a\n      groups: [a]\n`,
      ['6:16 warning mapRoles[0].rolearn'],
    ],
    ['  mapRoles: |\n    - rolearn: x: y\n', ['6:16 error ', '6:5 warning mapRoles']],
    ['  maproles: "[]"\n', ['5:3 warning maproles']],
    ['  mapRole: "[]"\n', ['5:3 warning mapRole']],
    ['  mapRoles:\n    - rolearn: x\n', ['5:3 error mapRoles']],
    ['  mapRoles: "[]"\n  mapRoles: "[]"\n', ['6:3 error mapRoles']],
    ['  notes: "[]"\n', []],
    [
      `  mapRoles: "- rolearn: ${ARN}:role/a\\n  username: '{{SesionName}}'\\n  groups: [a]"\n`,
      ['5:16 warning mapRoles[0]'],
    ],
  ]
  for (const [data, found] of rows) t.same(places(lintManifests(awsAuth(data), 'f', RULES)), found, data)
})

void test('gates', async (t) => {
  const sso = `    - sso: {permissionSetName: Admin, accountID: "123456789012"}\n      username: a\n      groups: [a]\n`
  const path = `    - rolearn: ${ARN}:role/team/a\n      username: a\n      groups: [a]\n`
  const text = awsAuth(`  mapRoles: |\n${sso}${path}`)
  t.equal(lintManifests(text, 'f', RULES).problems.length, 2)
  t.same(lintManifests(text, 'f', { ...RULES, sso: true, rolePaths: true }).problems, [])
})

void test('a ConfigMap that no server reads', async (t) => {
  const data = `  mapRoles: |\n${GOOD}`
  const paths = (metadata: string): string[] =>
    lintManifests(awsAuth(data, metadata), 'f', RULES).problems.map(({ severity, path }) => `${severity} ${path}`)
  t.same(paths('name: aws-auth'), ['warning metadata.namespace'])
  t.same(paths('name: aws-auth, namespace: default'), ['warning metadata.namespace'])
  t.same(paths('name: aws-auths, namespace: kube-system'), ['warning metadata.name'])
})

void test('invalid YAML has its place, and other documents are still checked', async (t) => {
  const text = `${awsAuth('  mapRoles: |\n    - rolearn: x\n')}---\napiVersion: v1\nkind: [\n`
  t.match(places(lintManifests(text, 'f', RULES)), [/^\d+:\d+ error $/, '6:16 error mapRoles[0].rolearn', /warning/])
})

function mapping(name: string, spec: string): string {
  return `apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {name: ${name}}\nspec:\n${spec}---\n`
}

void test('IAMIdentityMappings', async (t) => {
  const good = `  arn: ${ARN}:role/a\n  username: a\n  groups: [a]\n`
  t.match(lintManifests(mapping('a', good), 'f', RULES), { problems: [], objects: 1 })
  const rows: readonly (readonly [spec: string, found: string[]])[] = [
    ['  arn: x\n  username: a\n  groups: [a]\n', ['5:8 error IAMIdentityMapping b spec.arn']],
    [
      `  arn: ${ARN}:role/a\n  username: a\n  group: [a]\n`,
      ['7:10 warning IAMIdentityMapping b spec.group', '5:3 warning IAMIdentityMapping b'],
    ],
    [`  arn: ${ARN}:role/a\n  username: a\n  groups: a\n`, ['7:11 error IAMIdentityMapping b spec.groups']],
    ['  text\n', ['5:3 error IAMIdentityMapping b']],
    [
      `  arn: ${ARN}:role/a\n  username: a\n  groups: [a]\n  sessionNames: []\n`,
      ['8:17 error IAMIdentityMapping b spec.sessionNames'],
    ],
    [
      `  arn: ${ARN}:role/a\n  username: a\n  groups: [a]\n  principalTags: {team: []}\n`,
      ['8:25 error IAMIdentityMapping b spec.principalTags.team'],
    ],
    [
      `  arn: ${ARN}:role/a\n  username: a\n  groups: [a]\n  principalTags: {"cost: center": ["*"]}\n  orgIds: x\n`,
      ['8:18 error IAMIdentityMapping b spec.principalTags', '9:11 error IAMIdentityMapping b spec.orgIds'],
    ],
    [
      `  arn: ${ARN}:role/a\n  arnLike: ${ARN}:role/*\n  username: a\n  groups: [a]\n`,
      ['5:3 error IAMIdentityMapping b'],
    ],
    [`  arn: ${ARN}:role/a\n  username: "{{x}}"\n  groups: [a]\n`, ['5:3 warning IAMIdentityMapping b']],
    [`  arn: ${ARN}:role/a\n  username: a\n  sessionName: [a]\n`, ['7:16 error IAMIdentityMapping b spec.sessionName']],
  ]
  for (const [spec, found] of rows) t.same(places(lintManifests(mapping('b', spec), 'f', RULES)), found, spec)
  t.same(places(lintManifests(mapping('a', good) + mapping('b', good), 'f', RULES)), [
    '13:8 warning IAMIdentityMapping b',
  ])
})

void test('an IAMIdentityMapping without a name or a spec', async (t) => {
  const unnamed = mapping('a', `  arn: ${ARN}:role/a\n  username: a\n  groups: [a]\n`).replace('name: a', '')
  t.match(lintManifests(unnamed, 'f', RULES).problems, [
    {
      severity: 'error',
      path: 'IAMIdentityMapping ',
      location: { line: 5, column: 3 },
      message: 'has no metadata.name',
    },
  ])
  t.match(lintManifests('kind: IAMIdentityMapping\nmetadata: {name: a}\n', 'f', RULES).problems, [
    { severity: 'error', path: 'IAMIdentityMapping a', location: { line: 1, column: 1 }, message: 'has no spec' },
  ])
})

void test('a configuration file in a ConfigMap is found', async (t) => {
  const text = awsAuth('  config.yaml: |\n    clusterID: x\n', 'name: aws-iam-authenticator')
  const { configurations, objects } = lintManifests(text, 'f', RULES)
  t.equal(objects, 0)
  t.equal(configurations[0]?.text, 'clusterID: x\n')
  t.same(configurations[0]?.locate(1, 1), { source: 'f', line: 6, column: 5 })
  for (const data of ['  config.yaml: {clusterID: x}\n', '  config.yaml: "x: y"\n', '  other.yaml: "clusterID: x"\n'])
    t.same(lintManifests(awsAuth(data, 'name: x'), 'f', RULES).configurations, [], data)
})

void test('dynamic files', async (t) => {
  const entry = `{"rolearn": "${ARN}:role/a", "username": "a", "groups": ["a"]}`
  const problems = (text: string, rules = RULES): string[] => places({ problems: lintDynamicFile(text, 'f', rules) })
  t.same(problems(`{"mapRoles": [${entry}]}`), [])
  t.same(problems(`{"mapRoles": [${entry}]}`, { ...RULES, userIdStrict: true }), ['1:15 error mapRoles[0]'])
  t.same(problems(`{"mapRoles": [\n${entry},\n${entry}]}`), ['2:1 warning mapRoles[0]'])
  t.same(problems('{"mapRoles": [],}'), ['1:17 error '])
})

void test('lists of backends', async (t) => {
  t.same(lintBackendModeFile('{"backendMode": "CRD"}', 'f'), [])
  t.match(lintBackendModeFile('{"backendMode": "File"}', 'f'), [{ severity: 'warning' }])
  t.match(lintBackendModeFile('{"backendMode": "Fle"}', 'f'), [{ severity: 'error', location: { column: 17 } }])
})
