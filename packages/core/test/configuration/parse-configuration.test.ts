import { CLOSED_GATES, type FeatureGates } from '../../src/configuration/feature-gates.ts'
import { EMPTY_CONFIGURATION } from '../../src/configuration/configuration-file.ts'
import { parseConfiguration } from '../../src/configuration/parse-configuration.ts'
import { test } from 'tap'

const serverKeys = ['port', 'stateDir', 'backendMode', 'scrubbedAccounts']
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
  for (const key of [...keys, 'tokenOnly', 'cache', 'token', 'output', 'partition']) {
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
  for (const text of [
    '[012345678901]',
    '[12345678901]',
    '012345678901',
    '[1e11]',
    '["12345678901"]',
    '[{}]',
    '{}',
    '["123456789012 "]',
  ]) {
    t.same(accountsOf(text), [], text)
    t.equal(errorsOf(`server: {mapAccounts: ${text}}`).length, 1, text)
  }
})

void test('sso entries need their gate, which the configuration file can open', async (t) => {
  const text =
    'feature-gates: SSORoleMatch=true\nserver: {mapRoles: [{sso: {permissionSetName: A, accountID: "123456789012"}, username: a}]}'
  t.equal(parse(text).mappings.roles.length, 0)
  t.equal(errorsOf(text).length, 1)
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
  for (const list of ['{a: b}', '12', '{}']) {
    const text = `server:\n  reservedPrefixConfig:\n  - {backendMode: CRD, usernamePrefixReserveList: ${list}}\n`
    t.match(
      errorsOf(text),
      [
        {
          path: 'server.reservedPrefixConfig[0].usernamePrefixReserveList',
          location: { line: 3, column: 51 },
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
  for (const bad of [
    '[{backendMode: CRD}]',
    '[{usernamePrefixReserveList: [a]}]',
    '[{backendMode: File, usernamePrefixReserveList: [a]}]',
    '[{backendMode: CRD, usernamePrefixReserveList: [""]}]',
    '[{backendMode: CRD, usernamePrefixReserveList: [{}]}]',
    '[{backendMode: [], usernamePrefixReserveList: [a]}]',
    '[{backendMode: CRD, usernamePrefixReserveList: ""}]',
    '[text]',
    'text',
  ]) {
    t.same(reservedOf(bad), [], bad)
    t.ok(errorsOf(`server: {reservedPrefixConfig: ${bad}}`).length > 0, bad)
  }
})
