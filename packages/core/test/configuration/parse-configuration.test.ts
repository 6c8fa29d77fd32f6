import { CLOSED_GATES, type FeatureGates } from '../../src/configuration/feature-gates.ts'
import { EMPTY_CONFIGURATION } from '../../src/configuration/configuration-file.ts'
import { parseConfiguration } from '../../src/configuration/parse-configuration.ts'
import { test } from 'tap'

const serverKeys = ['address', 'port', 'stateDir', 'backendMode', 'scrubbedAccounts']
const parse = (text: string, gates: FeatureGates = CLOSED_GATES) =>
  parseConfiguration(text, 'config.yaml', { serverKeys, gatesOf: () => gates })
const settingsOf = (text: string) => [...parse(text).settings].map(([key, { value }]) => [key, value])
const errorsOf = (text: string) => parse(text).problems.filter(({ severity }) => severity === 'error')

const KOPS = `clusterID: k8s.local
server:
  port: 21362
  stateDir: /var/aws-iam-authenticator
  mapAccounts: []
  mapUsers: []
  mapRoles:
    - roleARN: arn:aws-us-gov:iam::123456789123:role/nodes.k8s.local
      username: aws:{{AccountID}}:instance:{{SessionName}}
      groups:
      - system:bootstrappers
      - aws:instances
`

void test('the configuration that kops writes', async (t) => {
  const { settings, mappings, problems } = parse(KOPS)
  t.same(problems, [])
  t.match(settings.get('clusterid'), { value: 'k8s.local', location: { source: 'config.yaml', line: 1 } })
  t.match(settings.get('server.port'), { value: '21362' })
  t.match(settings.get('server.statedir'), { value: '/var/aws-iam-authenticator' })
  t.match(mappings, { users: [], accounts: [] })
  t.match(mappings.roles, [
    {
      key: { type: 'arn', arn: 'arn:aws-us-gov:iam::123456789123:role/nodes.k8s.local' },
      username: 'aws:{{AccountID}}:instance:{{SessionName}}',
      groups: ['system:bootstrappers', 'aws:instances'],
      path: 'server.mapRoles[0]',
      location: { line: 8 },
    },
  ])
})

void test('null and missing keys are not settings', async (t) => {
  for (const text of [
    '',
    'null',
    '# nothing\n',
    'clusterID: null\n',
    'server:\n',
    'server: {}\n',
    'server: {port: null}',
  ]) {
    t.same(parse(text), EMPTY_CONFIGURATION, text)
  }
  const { sections, ...rest } = parse('server: {mapRoles: null, mapUsers: ~, mapAccounts: , reservedPrefixConfig: }')
  t.same({ ...rest, sections: new Map() }, EMPTY_CONFIGURATION)
  const named = ['server.maproles', 'server.mapusers', 'server.mapaccounts', 'server.reservedprefixconfig']
  t.same([...sections.keys()], named, 'where they stand is known')
})

void test('every top-level key, in any case', async (t) => {
  const keys = [
    'clusterID',
    'defaultRole',
    'log-verbosity',
    'role',
    'region',
    'externalID',
    'sessionName',
    'forwardSessionName',
  ]
  const ofJwts = ['tokenType', 'audience', 'signingAlgorithm', 'sourceIdentity']
  for (const key of [...keys, ...ofJwts, 'tokenOnly', 'cache', 'token', 'output', 'partition']) {
    t.same(settingsOf(`${key.toUpperCase()}: x\n`), [[key.toLowerCase(), 'x']], key)
  }
})

void test('the keys of server that are settings, in any case, and no others', async (t) => {
  for (const key of serverKeys) {
    t.same(settingsOf(`Server: {${key.toUpperCase()}: "x"}\n`), [[`server.${key.toLowerCase()}`, 'x']], key)
  }
  const { settings, problems } = parse('server: {prt: "x"}')
  t.equal(settings.size, 0)
  t.match(problems, [{ severity: 'warning', path: 'server.prt', message: /did you mean port/ }])
})

void test('a setting may be a list; gates may be a map', async (t) => {
  t.same(settingsOf('server: {backendMode: [CRD, File]}'), [['server.backendmode', ['CRD', 'File']]])
  t.same(settingsOf('server: {scrubbedAccounts: ["012345678901", 012345678901]}'), [
    ['server.scrubbedaccounts', ['012345678901', '012345678901']],
  ])
  t.same(settingsOf('feature-gates: {SSORoleMatch: true, AllBeta: false}'), [
    ['feature-gates', ['SSORoleMatch=true', 'AllBeta=false']],
  ])
  t.same(settingsOf('feature-gates: SSORoleMatch=true'), [['feature-gates', 'SSORoleMatch=true']])
})

void test('a malformed value is an error with its place, never a default', async (t) => {
  t.match(errorsOf('clusterID: {a: b}'), [{ path: 'clusterID', location: { line: 1, column: 12 } }])
  t.match(errorsOf('server: text'), [{ path: 'server' }])
  t.match(errorsOf('- a'), [{ path: '' }])
  t.match(errorsOf('server:\n  mapRoles: text\n'), [{ path: 'server.mapRoles', location: { line: 2, column: 13 } }])
  t.match(errorsOf('server: {backendMode: [{a: b}]}'), [{ path: 'server.backendMode[0]' }])
  t.match(errorsOf('feature-gates: {SSORoleMatch: [true]}'), [{ path: 'feature-gates.SSORoleMatch' }])
  t.match(errorsOf('clusterID: a\nCLUSTERID: b'), [{ path: 'CLUSTERID', location: { line: 2 } }])
  t.ok(errorsOf('a: [').length > 0)
  t.match(parse('servr: {}').problems, [{ severity: 'warning', message: /did you mean server/ }])
})

const accountsOf = (text: string) => parse(`server: {mapAccounts: ${text}}`).mappings.accounts

void test('accounts: text, also with commas; a number that lost its zeros must be quoted', async (t) => {
  t.same(accountsOf('["012345678901", 123456789012]'), ['012345678901', '123456789012'])
  t.same(accountsOf('"012345678901,123456789012"'), ['012345678901', '123456789012'])
  t.same(accountsOf('123456789012'), ['123456789012'])
  t.same(accountsOf('""'), [])
  t.same(accountsOf('{}'), [])
  for (const text of [
    '[012345678901]',
    '[12345678901]',
    '012345678901',
    '[1e11]',
    '["12345678901"]',
    '[{}]',
    '{a: b}',
    '["123456789012 "]',
  ]) {
    t.same(accountsOf(text), [], text)
    t.equal(errorsOf(`server: {mapAccounts: ${text}}`).length, 1, text)
  }
})

void test('sso entries without their gate match no one, with a warning', async (t) => {
  const { mappings, problems } = parse('server: {mapRoles: [{sso: {permissionSetName: A, accountID: "123456789012"}}]}')
  t.same(mappings.roles, [])
  const wouldMatch = 'arn:aws:iam::123456789012:role/awsreservedsso_a_'
  t.match(mappings.unusable, [{ wouldMatch, path: 'server.mapRoles[0]', message: /SSORoleMatch=true/ }])
  t.match(
    problems.map(({ severity }) => severity),
    ['warning', 'warning'],
  )
  t.equal(errorsOf('server: {mapRoles: [{sso: {permissionSetName: A, accountID: "1"}}]}').length, 1)
})

void test('the gate of sso entries is asked for with the settings of the file', async (t) => {
  const text =
    'feature-gates: SSORoleMatch=true\nserver: {mapRoles: [{sso: {permissionSetName: A, accountID: "123456789012"}, username: a}]}'
  t.equal(parse(text).mappings.roles.length, 0)
  const seen: string[] = []
  const gatesOf = (settings: ReadonlyMap<string, unknown>): FeatureGates => {
    seen.push(...settings.keys())
    return { ...CLOSED_GATES, SSORoleMatch: true }
  }
  const { mappings } = parseConfiguration(text, 'config.yaml', { serverKeys, gatesOf })
  t.equal(mappings.roles.length, 1)
  t.same(seen, ['feature-gates'])
})

const reservedOf = (list: string) => [...parse(`server: {reservedPrefixConfig: ${list}}`).reservedPrefixes]

void test('unreadable reserved prefixes are an error with its place', async (t) => {
  for (const list of ['{a: b}', 'true', '[{a: b}]']) {
    const text = `server:\n  reservedPrefixConfig:\n  - {backendMode: CRD, usernamePrefixReserveList: ${list}}\n`
    t.match(
      errorsOf(text),
      [
        {
          path: /^server\.reservedPrefixConfig\[0\]\.usernamePrefixReserveList/,
          location: { line: 3 },
          message: /^must be a string, not /,
        },
      ],
      list,
    )
  }
})

void test('reserved prefixes, by backend', async (t) => {
  t.same(reservedOf('[{backendMode: CRD, usernamePrefixReserveList: ["aws:", "system:"]}]'), [
    ['CRD', ['aws:', 'system:']],
  ])
  t.same(reservedOf('[{backendMode: CRD, usernamePrefixReserveList: "aws:,eks:"}]'), [['CRD', ['aws:', 'eks:']]])
  t.same(
    reservedOf(
      '[{backendMode: CRD, usernamePrefixReserveList: [a]}, {BACKENDMODE: CRD, usernameprefixreservelist: [b]}]',
    ),
    [['CRD', ['a', 'b']]],
  )
  t.same(reservedOf('[{backendMode: CRD, usernamePrefixReserveList: null}]'), [['CRD', []]])
  t.same(reservedOf('{backendMode: CRD, usernamePrefixReserveList: [a, ""]}'), [['CRD', ['a']]])
  t.same(reservedOf('[{backendMode: CRD, usernamePrefixReserveList: 12}]'), [['CRD', ['12']]])
  for (const bad of [
    '[{backendMode: CRD, usernamePrefixReserveList: [{}]}]',
    '[{backendMode: [], usernamePrefixReserveList: [a]}]',
    '[text]',
    'text',
  ]) {
    t.same(
      reservedOf(bad).flatMap(([, prefixes]) => prefixes),
      [],
      bad,
    )
    t.ok(errorsOf(`server: {reservedPrefixConfig: ${bad}}`).length > 0, bad)
  }
})

void test('reserved prefixes without effect are warned about', async (t) => {
  for (const [list, message] of [
    ['[{backendMode: CRD}]', /reserves nothing/],
    ['[{backendMode: CRD, usernamePrefixReserveList: ""}]', /reserves nothing/],
    ['[{backendMode: CRD, usernamePrefixReserveList: [""]}]', /empty prefix/],
    ['[{usernamePrefixReserveList: [a]}]', /has no effect: "" is not the name of a backend/],
    ['[{backendMode: File, usernamePrefixReserveList: [a]}]', /has no effect: "File" .*write MountedFile/],
    ['[{backendMode: Foo, usernamePrefixReserveList: [a]}]', /has no effect: "Foo" .*write one of MountedFile, /],
  ] as const) {
    t.same(
      reservedOf(list).flatMap(([, prefixes]) => prefixes),
      [],
      list,
    )
    t.match(parse(`server: {reservedPrefixConfig: ${list}}`).problems, [{ severity: 'warning', message }], list)
  }
})

void test('keys of server may be at the top level, where they win', async (t) => {
  const { settings, mappings, sections, problems } = parse(
    'server.port: 7\nServer.MapAccounts: ["123456789012"]\nserver:\n  port: 5\n  address: a\n  mapAccounts: ["012345678901"]\n',
  )
  t.match(settings.get('server.port'), { value: '7', location: { line: 1, column: 14 } })
  t.match(settings.get('server.address'), { value: 'a' })
  t.same(mappings.accounts, ['123456789012'])
  t.match(sections.get('server.mapaccounts'), { line: 2 })
  t.match(
    problems.map(({ severity, path }) => [severity, path]),
    [
      ['warning', 'server.port'],
      ['warning', 'server.mapAccounts'],
    ],
  )
  t.match(parse('server.prt: 7').problems, [{ severity: 'warning', message: /did you mean server\.port/ }])
})

const rolesOf = (text: string) => parse(`server: {mapRoles: ${text}}`).mappings.roles.map(({ path }) => path)

void test('lists are written in any way that other programs read', async (t) => {
  const entry = '{rolearn: "arn:aws:iam::123456789012:role/A", username: a}'
  for (const empty of ['{}', '""', '[]', 'null', '']) {
    t.same(rolesOf(empty), [], empty)
    t.same(parse(`server: {mapRoles: ${empty}}`).problems, [], empty)
  }
  t.same(rolesOf(`[${entry}]`), ['server.mapRoles[0]'])
  t.same(rolesOf(entry), ['server.mapRoles'])
})

const userOf = (value: string) => {
  const text = `server: {mapUsers: [{userarn: "arn:aws:iam::123456789012:user/a", username: ${value}, groups: [${value}]}]}`
  const { mappings, problems } = parse(text)
  return [...mappings.users.map(({ username, groups }) => [username, groups]), problems.length]
}

void test('unquoted numbers are text, unless other parsers read another number', async (t) => {
  for (const text of ['1001', '0', '-7', '1.5', 'yes', 'off', 'y']) t.same(userOf(text), [[text, [text]], 0], text)
  for (const text of ['0123', '0o17', '0x1F', '1_000', '1e3', '1.50', '+1', '12345678901234567890', 'true', '.inf']) {
    t.same(userOf(text).slice(0, -1), [], text)
  }
})
