import type { Command, CommandGroup } from '../command-line/command.ts'
import { flag } from '../command-line/option.ts'
import { BASH_SCRIPT } from '../completion/bash.ts'
import { COMPLETE, COMPLETE_WITHOUT_DESCRIPTIONS } from '../completion/complete.ts'
import { FISH_SCRIPT } from '../completion/fish.ts'
import { POWERSHELL_SCRIPT } from '../completion/powershell.ts'
import { ZSH_SCRIPT } from '../completion/zsh.ts'

const NO_DESCRIPTIONS = flag({ flag: 'no-descriptions', description: 'Complete without descriptions' })

function forShell(name: string, script: string, lines: readonly string[]): Command {
  return {
    name,
    summary: `Print the completion script for ${name}`,
    description: `Prints a script that lets ${name} complete subcommands, flags and their values.\n\n${lines.join('\n')}`,
    examples: [],
    options: [NO_DESCRIPTIONS],
    run: ({ setting, stdout }) => {
      stdout.document(setting(NO_DESCRIPTIONS) ? script.replaceAll(COMPLETE, COMPLETE_WITHOUT_DESCRIPTIONS) : script)
      return Promise.resolve(0)
    },
  }
}

export const completion: CommandGroup = {
  name: 'completion',
  summary: 'Print the completion script for a shell',
  description: "Prints a completion script for a shell; each shell's own --help says how to load it.",
  options: [],
  commands: [
    forShell('bash', BASH_SCRIPT, [
      'In this shell:\n  source <(aws-iam-authenticator completion bash)\n',
      'In every shell, on Linux and with Homebrew on macOS (the package bash-completion reads these folders):',
      '  aws-iam-authenticator completion bash > ~/.local/share/bash-completion/completions/aws-iam-authenticator',
      '  aws-iam-authenticator completion bash > $(brew --prefix)/etc/bash_completion.d/aws-iam-authenticator\n',
      'Without that package, put the first line into ~/.bashrc.',
    ]),
    forShell('zsh', ZSH_SCRIPT, [
      'In this shell, after compinit:\n  source <(aws-iam-authenticator completion zsh)\n',
      'In every shell, into a folder of $fpath that is there before compinit runs:',
      '  aws-iam-authenticator completion zsh > "${fpath[1]}/_aws-iam-authenticator"\n',
      'Where completion is not switched on yet:\n  echo "autoload -U compinit; compinit" >> ~/.zshrc',
    ]),
    forShell('fish', FISH_SCRIPT, [
      'In this shell:\n  aws-iam-authenticator completion fish | source\n',
      'In every shell:\n  aws-iam-authenticator completion fish > ~/.config/fish/completions/aws-iam-authenticator.fish',
    ]),
    forShell('powershell', POWERSHELL_SCRIPT, [
      'In this shell:\n  aws-iam-authenticator completion powershell | Out-String | Invoke-Expression\n',
      'In every shell, put that line into the file that $PROFILE names.',
    ]),
  ],
}
