import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import { join } from 'node:path'
import t from 'tap'
import { loadConfigurationFile } from '../../src/command-line/configuration-file.ts'
import { FEATURE_GATES } from '../../src/command-line/global-options.ts'
import { BACKEND_MODE, SCRUBBED_ACCOUNTS } from '../../src/command-line/server-options.ts'
import { settingOf } from '../../src/command-line/settings.ts'

const SOURCES = { flags: new Map<string, readonly string[]>(), environment: {} }

t.test('YAML, YML, JSON and TOML give the same configuration', async (t) => {
  const yaml = `
clusterID: k8s.local
log-verbosity: debug
feature-gates: { SSORoleMatch: true }
server:
  port: 21362
  kubeconfigPregenerated: true
  backendMode: [EKSConfigMap, MountedFile]
  mapAccounts: ['012345678901']
  mapRoles:
    - roleARN: arn:aws:iam::123456789012:role/Admin
      username: 'admin:{{SessionName}}'
      groups: [system:masters]
    - sso: { permissionSetName: ReadOnly, accountID: '123456789012' }
      username: reader
      groups: []
  reservedPrefixConfig:
    - backendMode: EKSConfigMap
      usernamePrefixReserveList: ['system:']
`
  const toml = `
clusterID = "k8s.local"
log-verbosity = "debug"
feature-gates = { SSORoleMatch = true }

[server]
port = 21362
kubeconfigPregenerated = true
backendMode = ["EKSConfigMap", "MountedFile"]
mapAccounts = ["012345678901"]

[[server.mapRoles]]
roleARN = "arn:aws:iam::123456789012:role/Admin"
username = "admin:{{SessionName}}"
groups = ["system:masters"]

[[server.mapRoles]]
username = "reader"
groups = []
[server.mapRoles.sso]
permissionSetName = "ReadOnly"
accountID = "123456789012"

[[server.reservedPrefixConfig]]
backendMode = "EKSConfigMap"
usernamePrefixReserveList = ["system:"]
`
  const json = JSON.stringify({
    clusterID: 'k8s.local',
    'log-verbosity': 'debug',
    'feature-gates': { SSORoleMatch: true },
    server: {
      port: 21362,
      kubeconfigPregenerated: true,
      backendMode: ['EKSConfigMap', 'MountedFile'],
      mapAccounts: ['012345678901'],
      mapRoles: [
        {
          roleARN: 'arn:aws:iam::123456789012:role/Admin',
          username: 'admin:{{SessionName}}',
          groups: ['system:masters'],
        },
        { sso: { permissionSetName: 'ReadOnly', accountID: '123456789012' }, username: 'reader', groups: [] },
      ],
      reservedPrefixConfig: [{ backendMode: 'EKSConfigMap', usernamePrefixReserveList: ['system:'] }],
    },
  })
  const folder = t.testdir({ 'a.yaml': yaml, 'a.yml': yaml, 'a.JSON': json, 'a.toml': toml })
  const values = async (name: string): Promise<unknown> => {
    const { settings, mappings, reservedPrefixes, problems } = await loadConfigurationFile(join(folder, name), SOURCES)
    t.strictSame(problems, [], name)
    const entries = mappings.roles.map(({ key, username, groups, path }) => ({ key, username, groups, path }))
    return {
      settings: new Map([...settings].map(([key, { value }]) => [key, value])),
      mappings: { ...mappings, roles: entries },
      reservedPrefixes,
    }
  }
  const expected = await values('a.yaml')
  for (const name of ['a.yml', 'a.JSON', 'a.toml']) t.same(await values(name), expected, name)
  t.match(expected, { mappings: { roles: { length: 2 }, accounts: ['012345678901'] } })
})

t.test('a list may be null, a text with commas, or a list', async (t) => {
  const list = ['EKSConfigMap', 'CRD']
  const rows: readonly (readonly [name: string, text: string, modes: readonly string[]])[] = [
    [
      'null.yaml',
      'server: { backendMode: , scrubbedAccounts: null, mapRoles: , mapAccounts: null }\nfeature-gates:\n',
      ['MountedFile'],
    ],
    ['null.json', '{"server":{"backendMode":null,"scrubbedAccounts":null},"feature-gates":null}', ['MountedFile']],
    ['commas.yaml', `server: { backendMode: "${list.join()}", mapAccounts: "012345678901,123456789012" }`, list],
    ['commas.json', `{"server":{"backendMode":"${list.join()}","mapAccounts":"012345678901,123456789012"}}`, list],
    ['commas.toml', `server.backendMode = "${list.join()}"\nserver.mapAccounts = "012345678901,123456789012"`, list],
    ['list.yaml', `server: { backendMode: [${list.join()}] }`, list],
    ['list.json', `{"server":{"backendMode":${JSON.stringify(list)}}}`, list],
    ['list.toml', `server.backendMode = ${JSON.stringify(list)}`, list],
  ]
  const folder = t.testdir(Object.fromEntries(rows.map(([name, text]) => [name, text])))
  for (const [name, , modes] of rows) {
    const file = await loadConfigurationFile(join(folder, name), SOURCES)
    t.strictSame(file.problems, [], name)
    const of = { ...SOURCES, file }
    t.strictSame(settingOf(BACKEND_MODE, of).modes, modes, name)
    t.equal(settingOf(SCRUBBED_ACCOUNTS, of).size, 0)
    t.notOk(settingOf(FEATURE_GATES, of).SSORoleMatch)
    if (name.startsWith('commas')) t.strictSame(file.mappings.accounts, ['012345678901', '123456789012'], name)
  }
})

t.test('TOML: a problem has the line of its key', async (t) => {
  const rows: readonly (readonly [text: string, line: number, column: number, path: string])[] = [
    ['clusterID = "x"\nclusterid = "y"\n', 2, 1, 'clusterid'],
    ['[server]\n\n  prot = 1\n', 3, 3, 'server.prot'],
    ['server.prot = 1\n', 1, 1, 'server.prot'],
    ['[ server ]\n"prot" = 1\n', 2, 1, 'server.prot'],
    ['server = { prot = 1 }\n', 1, 1, 'server.prot'],
    ['[server]\nhostname = """\nprot = 1\n"""\nprot = 2\n', 5, 1, 'server.prot'],
    [
      '[[server.mapRoles]]\nrolearn="arn:aws:iam::123456789012:role/A"\n[[server.mapRoles]]\nusername="a"\n',
      3,
      1,
      'server.mapRoles[1]',
    ],
    ['[[server.mapRoles]]\nrolearn="x"\nusername="a"\n', 2, 1, 'server.mapRoles[0].rolearn'],
    [
      '[[server.mapRoles]]\nusername="a"\n[server.mapRoles.sso]\npermissionSetName="A"\naccountID="1"\n',
      5,
      1,
      'server.mapRoles[0].sso.accountID',
    ],
    ['[server]\nmapRoles = [\n  { rolearn = "x", username = "a" },\n]\n', 2, 1, 'server.mapRoles[0].rolearn'],
    ['[server]\nmapAccounts = [\n 12345678901]\n', 2, 1, 'server.mapAccounts[0]'],
  ]
  const gates = new Map([['feature-gates', ['SSORoleMatch=true']]])
  for (const [text, line, column, path] of rows) {
    const folder = t.testdir({ 'config.toml': text })
    const source = join(folder, 'config.toml')
    const { problems } = await loadConfigurationFile(source, { ...SOURCES, flags: gates })
    const found = problems.find((problem) => problem.path === path)
    t.strictSame(found?.location, { source, line, column }, text)
  }
})

t.test('TOML: locations of settings and entries', async (t) => {
  const text =
    'log-verbosity = "loud"\n[[server.mapRoles]]\nrolearn = "arn:aws:iam::123456789012:role/A"\nusername = "a"\n'
  const source = join(t.testdir({ 'config.toml': text }), 'config.toml')
  const file = await loadConfigurationFile(source, SOURCES)
  t.match(file.settings.get('log-verbosity'), { location: { source, line: 1, column: 1 } })
  t.match(file.mappings.roles, [{ location: { source, line: 2, column: 1 } }])
})

t.test('invalid TOML and TOML values that no setting can have are rejected without quoting the text', async (t) => {
  const secret = 'a-secret-that-nobody-may-see'
  const rows: readonly (readonly [text: string, message: RegExp])[] = [
    [`token = "${secret}\nx = 1\n`, /config\.toml:1:\d+: is not valid TOML: /],
    [`token = "${secret}"\ntoken = "x"\n`, /config\.toml:2:\d+: is not valid TOML: /],
    ['[server]\nport = nan\n', /config\.toml:1:1: port: NaN is not a number/],
    ['[server]\nmapAccounts = [012345678901]\n', /config\.toml:2:\d+: is not valid TOML: /],
  ]
  for (const [text, message] of rows) {
    const source = join(t.testdir({ 'config.toml': text }), 'config.toml')
    const error: unknown = await loadConfigurationFile(source, SOURCES).catch((thrown: unknown) => thrown)
    t.match(error, { code: 'invalid_configuration', message: /^Can't read configuration file / })
    t.match(error, { message })
    t.notMatch(error, { message: secret })
  }
  const hostile = join(t.testdir({ 'c.toml': '__proto__ = 1\n[constructor]\nx = 1\n' }), 'c.toml')
  const file: ConfigurationFile = await loadConfigurationFile(hostile, SOURCES)
  t.equal(file.settings.size, 0)
})
