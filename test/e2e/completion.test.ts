import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { COMMAND, minimalEnvironment, runCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { noTerminal, openTerminal } from './harness/terminal.ts'

const run = promisify(execFile)
const NAME = 'aws-iam-authenticator'

function missing(shell: string): string | false {
  return spawnSync(shell, ['--version']).error === undefined ? false : `${shell} is not installed`
}

/** A home folder with some files, and the command on the PATH under its own name. */
function home(t: { teardown(action: () => void): void }): {
  readonly folder: string
  readonly environment: Environment
} {
  const folder = temporaryFolder(t)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const words = COMMAND.map((word) => `'${word}'`).join(' ')
  writeFileSync(join(bin, NAME), `#!/bin/sh\nexec ${words} "$@"\n`)
  chmodSync(join(bin, NAME), 0o755)
  for (const name of ['cluster one.yaml', 'cluster-two.yaml']) writeFileSync(join(folder, name), '')
  const environment = minimalEnvironment(folder)
  return { folder, environment: { ...environment, PATH: `${bin}:${environment['PATH'] ?? ''}`, LC_ALL: 'C.UTF-8' } }
}

const FILES = ['cluster one.yaml', 'cluster-two.yaml']
const LEVELS = ['panic', 'fatal', 'error', 'warning', 'info', 'debug', 'trace']

/** The typed text, and the possible completions. */
const rows: readonly (readonly [typed: string, words: readonly string[]])[] = [
  ['se', ['server']],
  ['ver', ['verify', 'version']],
  ['nonsense', []],
  ['add ', ['role', 'user']],
  ['add --prompt=false --kubeconfig x r', ['role']],
  ['completion ', ['bash', 'zsh', 'fish', 'powershell']],
  ['help add ', ['role', 'user']],
  ['-i my-cluster to', ['token']],
  ['token --ro', ['--role']],
  ['token --token-only --reg', ['--region']],
  ['server --backend-mode ', ['MountedFile', 'EKSConfigMap', 'CRD', 'DynamicFile']],
  ['server --backend-mode CRD,E', ['CRD,EKSConfigMap']],
  ['server --log-format=', ['--log-format=text', '--log-format=json']],
  ['server --log-format=j', ['--log-format=json']],
  ['server -v ', LEVELS],
  ['token --feature-gates SSO', ['SSORoleMatch=true', 'SSORoleMatch=false']],
  ['verify -o ', ['text', 'json']],
  ['li', ['lint', 'list']],
  ['ex', ['explain']],
  ['explain --backend-mode CRD,E', ['CRD,EKSConfigMap']],
  ['explain --ar', ['--arn']],
  ['lint clu', FILES],
  ['explain --arn x clu', FILES],
  ['lint --stri', ['--strict']],
  ['lint -o ', ['text', 'json', 'sarif', 'github']],
  ['version --output ', ['text', 'json', 'yaml']],
  ['server --partition aws-us', ['aws-us-gov']],
  ['server --kubeconfig-pregenerated=', ['--kubeconfig-pregenerated=true', '--kubeconfig-pregenerated=false']],
  ['add role --sso p', ['permissionSetName=', 'partition=']],
  ['token --role ', []],
  ['token --region us-gov-w', ['us-gov-west-1']],
  ['kubeconfig --region=us-gov-w', ['--region=us-gov-west-1']],
  ['token --role=', []],
  ['token -- --r', []],
  ['token -c clu', FILES],
  ['add role --kubeconfig clu', FILES],
  ['token --config=clu', FILES.map((name) => `--config=${name}`)],
]

t.test('the scripts and their instructions are printed', async (t) => {
  const { folder, environment } = home(t)
  const complete = (...args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(['completion', ...args], { environment, cwd: folder })
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { code, stdout, stderr } = await complete(shell)
    t.equal(code, 0, shell)
    t.equal(stderr, '')
    t.match(stdout, NAME)
    const help = await complete(shell, '--help')
    t.match(help.stdout, `${NAME} completion ${shell} `)
    t.match(help.stdout, /^In this shell/m)
  }
  t.match(await complete(), { code: 0, stdout: /^ {2}powershell {2,}\S/m })
  t.match(await complete('csh'), {
    code: 1,
    stderr: /^Error: unknown command "csh" for "aws-iam-authenticator completion"/,
  })
})

t.test('bash completes', { skip: missing('bash') }, async (t) => {
  const { folder, environment } = home(t)
  const script = `source <(${NAME} completion bash)
while IFS= read -r typed; do
  COMP_LINE="${NAME} $typed"
  COMP_POINT=\${#COMP_LINE}
  complete -p ${NAME} >/dev/null && _aws_iam_authenticator
  printf '%s\\n' "\${COMPREPLY[@]}" END
done`
  const done = run('bash', ['--norc', '-c', script], { env: environment, cwd: folder })
  done.child.stdin?.end(rows.map(([typed]) => `${typed}\n`).join(''))
  const { stdout } = await done
  const answers = stdout.split('END\n')
  for (const [index, [typed, words]] of rows.entries()) {
    const found = (answers[index] ?? '').split('\n').filter((word) => word !== '')
    // Readline replaces what follows the =.
    const last = typed.split(' ').at(-1) ?? ''
    const expected = words.map((word) => word.slice(last.lastIndexOf('=') + 1))
    t.strictSame(found.sort(), expected.sort(), typed)
  }
})

t.test('fish completes', { skip: missing('fish') }, async (t) => {
  const { folder, environment } = home(t)
  const lines = rows.map(([typed]) => `complete -C '${NAME} ${typed}'; echo END`)
  const script = [`${NAME} completion fish | source`, ...lines].join('\n')
  const { stdout } = await run('fish', ['--no-config', '-c', script], { env: environment, cwd: folder })
  const answers = stdout.split('END\n')
  for (const [index, [typed, words]] of rows.entries()) {
    const found = (answers[index] ?? '').split('\n').filter((line) => line !== '')
    const plain = found.map((line) => (line.split('\t')[0] ?? '').replaceAll('\\', ''))
    t.strictSame(plain.sort(), [...words].sort(), typed)
  }
  t.match(answers[0], /^server\tRun a webhook/, 'with its description')
})

/** Types in a shell of a terminal, and returns the line after the tab key. */
const keys: readonly (readonly [typed: string, line: string])[] = [
  ['serv', 'server'],
  ['token --log-f', 'token --log-format'],
  ['token --log-format=j', 'token --log-format=json'],
  ['server --backend-mode CRD,E', 'server --backend-mode CRD,EKSConfigMap'],
  ['token --config cluster-', 'token --config cluster-two.yaml'],
  ['token --config=cluster-', 'token --config=cluster-two.yaml'],
  ['lint cluster-', 'lint cluster-two.yaml'],
  ['token --region us-gov-w', 'token --region us-gov-west-1'],
  ['add role --kubeconfig \'clu\' --username "a b" --gr', 'add role --kubeconfig \'clu\' --username "a b" --groups'],
]

const shells: readonly (readonly [shell: string, args: readonly string[], setUp: string])[] = [
  ['bash', ['--norc'], `source <(${NAME} completion bash)`],
  ['zsh', ['-f'], `autoload -U compinit; compinit -u -D; source <(${NAME} completion zsh)`],
  ['fish', ['--no-config'], `${NAME} completion fish | source`],
]

for (const [shell, args, setUp] of shells) {
  t.test(`the tab key completes in ${shell}`, { skip: noTerminal || missing(shell) }, async (t) => {
    const { folder, environment } = home(t)
    const terminal = await openTerminal(t, [shell, ...args], environment)
    await terminal.type(`cd '${folder}'; ${setUp}; echo rea''dy`, 'Enter')
    await terminal.waitFor(/^ready/m)
    for (const [typed, line] of keys) {
      await terminal.type('-l', `${NAME} ${typed}`)
      await terminal.type('Tab')
      const expected = `${NAME} ${line}`.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      await terminal.waitFor(new RegExp(`${expected}(?![\\w.-])`))
      t.pass(line)
      await terminal.type('C-u')
    }
  })
}

t.test('zsh loads its script from a function folder', { skip: noTerminal || missing('zsh') }, async (t) => {
  const { folder, environment } = home(t)
  const { stdout } = await runCommand(['completion', 'zsh'], { environment })
  mkdirSync(join(folder, 'functions'))
  writeFileSync(join(folder, 'functions', `_${NAME}`), stdout)
  const terminal = await openTerminal(t, ['zsh', '-f'], environment)
  await terminal.type(
    `fpath=('${folder}/functions' $fpath); autoload -U compinit; compinit -u -D; echo rea''dy`,
    'Enter',
  )
  await terminal.waitFor(/^ready/m)
  await terminal.type('-l', `${NAME} comp`)
  await terminal.type('Tab')
  await terminal.waitFor(`${NAME} completion`)
})
