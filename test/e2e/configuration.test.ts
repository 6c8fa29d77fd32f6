import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { settings, type SettingRow } from '../conformance/configuration.ts'
import { startPerson } from './harness/person.ts'

function shownDefault({ fallback, flag }: SettingRow): string | null {
  if (flag === 'backend-mode') return '[MountedFile]'
  const isShown = typeof fallback === 'string' || typeof fallback === 'number' || fallback === true
  return isShown && fallback !== '' ? String(fallback) : null
}

/** The entries of a table of flags in a help text, each on one line. */
function helpEntries(help: string, title: string): readonly string[] {
  const [, table = ''] = help.split(`\n${title}:\n`)
  const [entries = ''] = table.split('\n\n')
  return entries.replaceAll(/\n {8,}/g, ' ').split('\n')
}

const COMMANDS = ['init', 'server', 'token', 'verify', 'version', 'add role', 'add user']

t.test('help shows every flag with its short form, its variable and its default', async (t) => {
  const { run } = startPerson(t)
  for (const command of COMMANDS) {
    const { code, stdout } = await run([...command.split(' '), '--help'])
    t.equal(code, 0)
    for (const [title, rows] of [
      ['Flags', settings.filter((row) => row.command === command)],
      ['Global Flags', settings.filter((row) => row.command === '')],
    ] as const) {
      const entries = helpEntries(stdout, title).filter((entry) => entry !== '')
      t.equal(entries.length, rows.length, `${command}: ${title}`)
      for (const row of rows) {
        const left = `  ${row.short === undefined ? '    ' : `-${row.short}, `}--${row.flag}`
        const entry = entries.find((candidate) => candidate.startsWith(`${left} `)) ?? ''
        t.match(entry, /\S {2,}\S|int \S/, `${command} ${left}`)
        const name = row.environment === undefined ? undefined : `$${row.environment}`
        t.equal(/\[(\$\w+)\]/.exec(entry)?.[1], name, `${command} ${left}`)
        t.equal(/\(default (.*)\)$/.exec(entry)?.[1] ?? null, shownDefault(row), `${command} ${left}`)
      }
    }
    for (const line of stdout.split('\n')) t.ok(line.length <= (line.startsWith('  aws') ? 120 : 100), line)
  }
})

/** These report a missing cluster ID or token if all their settings are valid. */
const CHECKED = ['server', 'init', 'token', 'verify']
const GOOD = /not specified; run /

t.test('a wrong value is reported with its source, unless another source takes precedence', async (t) => {
  const { folder, run } = startPerson(t)
  const config = join(folder, 'config.json')
  for (const { command, flag, environment, keys, bad, good } of settings) {
    // An unknown log level is only warned about.
    if (bad === undefined || keys?.[0] === undefined || flag === 'log-verbosity') continue
    const commands = command === '' ? ['token'] : CHECKED.filter((name) => name === command)
    for (const name of commands) {
      const [section = '', key] = keys[0].split('.')
      const write = (text: string): void =>
        writeFileSync(config, JSON.stringify(key === undefined ? { [section]: text } : { [section]: { [key]: text } }))
      const what = `${name} --${flag}`
      write(bad)
      const inFile = new RegExp(`^[Ee]rror: .*config\\.json:1:\\d+: ${keys[0]}: `, 'm')
      t.match(await run([name, '-c', config]), { code: 1, stderr: inFile }, `${what}: file`)
      t.match(await run([name, '-c', config, `--${flag}=${good[0][0]}`]), { stderr: GOOD }, `${what}: flag before file`)
      write(good[2][0])
      const atFlag = new RegExp(`^[Ee]rror: invalid argument for --${flag}: `)
      t.match(await run([name, '-c', config, `--${flag}=${bad}`]), { code: 1, stderr: atFlag }, `${what}: flag`)
      if (environment === undefined) continue
      const atVariable = new RegExp(`^[Ee]rror: environment variable ${environment}: `)
      t.match(await run([name, '-c', config], { [environment]: bad }), { stderr: atVariable }, `${what}: variable`)
      write(bad)
      t.match(
        await run([name, '-c', config], { [environment]: good[1][0] }),
        { stderr: GOOD },
        `${what}: variable before file`,
      )
    }
  }
})

t.test('YAML, JSON and TOML give the same files', async (t) => {
  const texts = {
    'config.yaml':
      'CLUSTERID: k8s.local\nServer:\n  HostName: webhook.example\n  PORT: 12345\n  statedir: state-config.yaml\n  generateKubeconfig: state-config.yaml/kubeconfig\nfeature-gates: ConfiguredInitDirectories=true\n',
    'config.json':
      '{"clusterId":"k8s.local","server":{"hostname":"webhook.example","port":12345,"stateDir":"state-config.json","generatekubeconfig":"state-config.json/kubeconfig"},"feature-gates":{"ConfiguredInitDirectories":true}}',
    'config.toml':
      'clusterID = "k8s.local"\nfeature-gates = ["ConfiguredInitDirectories=true"]\n[server]\nhostname = "webhook.example"\nport = 12345\nstateDir = "state-config.toml"\ngenerateKubeconfig = "state-config.toml/kubeconfig"\n',
  }
  const { folder, run } = startPerson(t)
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(folder, name), text)
    const { code, stderr } = await run(['init', '-c', name])
    t.equal(code, 0, `${name} ${stderr}`)
    const kubeconfig = readFileSync(join(folder, `state-${name}`, 'kubeconfig'), 'utf8')
    t.match(kubeconfig, 'https://webhook.example:12345/authenticate', name)
  }
})

t.test('TOML: an error has its line', async (t) => {
  const { folder, run } = startPerson(t)
  const rows: readonly (readonly [text: string, error: RegExp])[] = [
    [
      'clusterID = "x\n',
      /^Error: Can't read configuration file config\.toml:\n {2}config\.toml:1:\d+: is not valid TOML: /,
    ],
    ['clusterID = "x"\n[server]\nport = "many"\n', /config\.toml:3:1: server\.port: "many" is not a whole number/],
    [
      'clusterID = "x"\n[[server.mapRoles]]\nusername = "a"\nrolearn = "x"\n',
      /config\.toml:4:1: server\.mapRoles\[0\]\.rolearn: /,
    ],
  ]
  for (const [text, error] of rows) {
    writeFileSync(join(folder, 'config.toml'), text)
    t.match(await run(['init', '-c', 'config.toml']), { code: 1, stdout: '', stderr: error }, text)
  }
})

t.test('keys of the other subcommands are accepted', async (t) => {
  const { folder, run } = startPerson(t)
  writeFileSync(join(folder, 'both.yaml'), 'clusterID: k8s.local\nforwardSessionName: true\nsessionName: alice\n')
  const both = /^Error: cannot specify both --forward-session-name and --session-name parameter; run /
  t.match(await run(['token', '-c', 'both.yaml']), { code: 1, stderr: both })
  writeFileSync(join(folder, 'token.yaml'), 'clusterID: k8s.local\ntoken: nonsense\noutput: json\npartition: aws-cn\n')
  const malformed = /^could not verify token: input token was not properly formatted/
  t.match(await run(['verify', '-c', 'token.yaml']), { code: 1, stderr: malformed })
})
