import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { COMMAND, minimalEnvironment, temporaryFolder } from './harness/command.ts'
import { noTerminal, openTerminal } from './harness/terminal.ts'

const NAME = 'aws-iam-authenticator'

/** Names that a shell would interpret. */
const HOSTILE = ['$(touch owned)', '`touch owned`', ';touch owned;', "it's", 'two words', '*', '!!']

const SHELLS: readonly (readonly [shell: string, args: readonly string[], setUp: string])[] = [
  ['bash', ['--norc'], `source <(${NAME} completion bash)`],
  ['zsh', ['-f'], `autoload -U compinit; compinit -u -D; source <(${NAME} completion zsh)`],
  ['fish', ['--no-config'], `${NAME} completion fish | source`],
]

for (const [shell, args, setUp] of SHELLS) {
  const isMissing = spawnSync(shell, ['--version']).error === undefined ? false : `${shell} is not installed`
  t.test(`${shell} inserts a value that it does not interpret`, { skip: noTerminal || isMissing }, async (t) => {
    const folder = temporaryFolder(t)
    const [bin, kubeconfig] = [join(folder, 'bin'), join(folder, 'config')]
    mkdirSync(bin)
    // Completes as the command does. Otherwise it prints its arguments.
    const command = COMMAND.map((word) => `'${word}'`).join(' ')
    const script = `case $1 in doctor) printf '<%s>\\n' "$3" ;; *) exec ${command} "$@" ;; esac`
    writeFileSync(join(bin, NAME), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, NAME), 0o755)
    const own = minimalEnvironment(folder)
    const environment = { ...own, PATH: `${bin}:${own['PATH'] ?? ''}`, KUBECONFIG: kubeconfig, LC_ALL: 'C.UTF-8' }
    const terminal = await openTerminal(t, [shell, ...args], environment, { cwd: folder })
    await terminal.type(`${setUp}; echo rea''dy`, 'Enter')
    await terminal.waitFor(/^ready/m)
    for (const name of HOSTILE) {
      writeFileSync(kubeconfig, stringify({ contexts: [{ name, context: {} }] }))
      await terminal.type('-l', `${NAME} doctor --context `)
      await terminal.type('Tab')
      await terminal.waitFor(/doctor --context \S.*$/m)
      await terminal.type('Enter')
      await terminal.waitFor(`<${name}>`)
      t.pass(name)
      await terminal.type('C-l')
    }
    t.notOk(existsSync(join(folder, 'owned')))
  })
}
