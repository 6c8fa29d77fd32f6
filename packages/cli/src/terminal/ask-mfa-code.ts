import type { MfaCodeProvider } from '@aws-iam-authenticator/client/aws/context'
import type { Writer } from './writer.ts'

/** Asks for MFA codes at the terminal. The prompt is loaded and opened when it is needed. */
export function askMfaCodeAt(stderr: Writer): MfaCodeProvider {
  let ask: (() => Promise<string | undefined>) | undefined
  return async () => {
    const { createMfaPrompt, openTerminal } = await import('./mfa-prompt.ts')
    ask ??= createMfaPrompt({ stdin: process.stdin, openTerminal, stderr })
    return await ask()
  }
}
