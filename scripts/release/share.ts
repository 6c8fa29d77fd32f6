import { root } from '../../packages/cli/src/commands/root.ts'
import { BASH_SCRIPT } from '../../packages/cli/src/completion/bash.ts'
import { FISH_SCRIPT } from '../../packages/cli/src/completion/fish.ts'
import { POWERSHELL_SCRIPT } from '../../packages/cli/src/completion/powershell.ts'
import { ZSH_SCRIPT } from '../../packages/cli/src/completion/zsh.ts'
import { manPages } from './man-pages.ts'

/** A text below /usr or /usr/local. */
export interface SharedFile {
  readonly path: string
  readonly text: string
}

/** Returns the manual pages and the completion scripts, at their places below /usr or /usr/local. */
export function sharedFiles(version: string, date: Date): readonly SharedFile[] {
  const pages = manPages([root], { version, date })
  return [
    { path: 'share/bash-completion/completions/aws-iam-authenticator', text: BASH_SCRIPT },
    { path: 'share/fish/vendor_completions.d/aws-iam-authenticator.fish', text: FISH_SCRIPT },
    ...pages.map(({ name, text }) => ({ path: `share/man/man1/${name}`, text })),
    { path: 'share/powershell/aws-iam-authenticator.ps1', text: POWERSHELL_SCRIPT },
    { path: 'share/zsh/site-functions/_aws-iam-authenticator', text: ZSH_SCRIPT },
  ]
}
