import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { NEXT_STEPS } from '../demo/next-steps.ts'
import { anchorOf, document, documents, ROOT } from './documents.ts'
import { exampleEnvironment, startExampleAws, writeProfiles } from './person.ts'
import { prepareShell } from './shell.ts'

const LANGUAGES = new Set(['js', 'json', 'sh', 'text', 'toml', 'ts', 'yaml'])

/** Splits a text into lines without ports, which differ in each run. */
function linesWithoutPorts(text: string): string[] {
  return text.split('\n').map((line) => line.replace(/localhost:\d+/, 'localhost'))
}

t.test('every code block has a language', async (t) => {
  for (const { blocks } of documents) {
    for (const { language, place } of blocks) t.ok(LANGUAGES.has(language), `${place}: "${language}"`)
  }
})

t.test('every command line of the documents runs', async (t) => {
  const aws = await startExampleAws(t)
  const shell = prepareShell(t, { ...exampleEnvironment('', aws), AWS_PROFILE: 'work' })
  writeProfiles(shell.folder)
  const configuration = [
    'clusterID: k8s.local',
    'server:',
    `  stateDir: ${shell.folder}/state`,
    `  generateKubeconfig: ${shell.folder}/output/kubeconfig.yaml`,
  ]
  writeFileSync(join(shell.folder, 'config.yaml'), `${configuration.join('\n')}\n`)
  for (const { path, blocks } of documents) {
    // A guide sets its values once, at its top.
    let settings = ''
    for (const { language, text, place } of blocks) {
      if (language !== 'sh') continue
      const { code, stderr } = await shell.run(settings + text)
      t.equal(code, 0, `${place}: ${stderr}`)
      if (path.startsWith('docs/guides/')) settings ||= `${text.split('\n\n', 1)[0] ?? ''}\n`
    }
    t.pass(path)
  }

  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const call of shell.calls()) {
    const script = /^npx -y pnpm@12 ([\w:]+)$/.exec(call)?.[1]
    if (script !== undefined) t.ok(property(property(manifest, 'scripts'), script) !== undefined, call)
    for (const [, file = ''] of call.matchAll(/ -[fk] (\S+)/g))
      t.ok(existsSync(join(shell.folder, file)), `${call}: ${file}`)
  }
})

t.test('verify prints what configuration.md shows', async (t) => {
  const aws = await startExampleAws(t)
  const shell = prepareShell(t, { ...exampleEnvironment('', aws), AWS_PROFILE: 'work' })
  writeProfiles(shell.folder)
  const blocks = document('docs/configuration.md').blocks.filter(({ heading }) => heading === 'verify')
  const [command, shown] = ['sh', 'json'].map((language) => blocks.find((block) => block.language === language)?.text)
  const { stdout } = await shell.run(command ?? '')
  t.equal(stdout, shown)
})

t.test('CONTRIBUTING names every script of the workspace', async (t) => {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const scripts = Object.keys(property(manifest, 'scripts') ?? {})
  const named = [...document('CONTRIBUTING.md').text.matchAll(/^\| `npx -y pnpm@12 ([\w:]+)`/gm)].map(
    ([, name]) => name,
  )
  t.same(new Set(named.filter((name) => name !== 'install')), new Set(scripts))
})

t.test('the README shows the actual output of the demo', async (t) => {
  const { code, stdout, stderr } = await runBinary(
    process.execPath,
    ['--no-warnings', '--conditions=aws-iam-authenticator-source', join(ROOT, 'test/demo/main.ts')],
    { cwd: ROOT, env: { PATH: process.env['PATH'] ?? '', HOME: t.testdir({}) } },
  )
  t.equal(code, 0, stderr)
  const seen = linesWithoutPorts(stdout)
  const shown = document('README.md').blocks.find(({ text }) => text.startsWith('4. The login'))?.text ?? ''
  const lines = linesWithoutPorts(shown).filter((line) => line.trim() !== '' && line.trim() !== '…')
  t.not(lines.length, 0)
  for (const line of lines) t.ok(seen.includes(line), line)
  for (const { what, page } of NEXT_STEPS) t.ok(stdout.includes(`${what}: ${page}\n`), page)
})

t.test('the demo ends with commands and pages that exist', async (t) => {
  t.strictSame(
    NEXT_STEPS.map(({ where }) => where),
    ['kops', 'kubeadm', 'EKS', 'a laptop'],
  )
  for (const { commands, page } of NEXT_STEPS) {
    const [path = '', anchor] = page.split('#')
    const { headings } = document(path)
    t.ok(anchor === undefined || headings.map(anchorOf).includes(anchor), page)
    for (const command of commands) {
      const [program = '', ...args] = command.split(' ')
      const folder = args.find((word) => word.includes('/'))
      if (folder !== undefined) t.ok(existsSync(join(ROOT, folder)), command)
      if (program !== 'dist/aws-iam-authenticator') continue
      // Flags and subcommands are checked before the help is printed.
      const { code, stdout, stderr } = await runBinary(join(ROOT, program), [...args, '--help'], { cwd: ROOT, env: {} })
      t.equal(code, 0, `${command}: ${stderr}`)
      t.match(stdout, `aws-iam-authenticator ${args[0] ?? ''}`)
    }
  }
})
