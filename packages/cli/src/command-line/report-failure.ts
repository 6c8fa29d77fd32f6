import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { systemFailure } from '@aws-iam-authenticator/files/system-failure'
import { createLog, type LogFields, type LogFormat } from '@aws-iam-authenticator/core/log/log'
import { isGroup, type CommandGroup, type CommandNode } from './command.ts'
import { typedPath } from './help.ts'
import { UsageError } from './usage-error.ts'
import type { Writer } from '../terminal/writer.ts'

interface ReportOptions {
  /** The command that failed, below its groups. */
  readonly path: readonly [CommandGroup, ...CommandNode[]]
  readonly format: LogFormat
  readonly stderr: Writer
  readonly now: () => Date
}

/** What failed, and the details of it. */
interface Failure {
  readonly message: string
  readonly details: readonly string[]
}

/** Describes a bug in this program by name and stack. The message may quote secrets. */
function bugOf(error: unknown): Failure {
  const name = error instanceof Error ? error.name : typeof error
  const [, ...calls] = error instanceof Error ? (error.stack ?? '').split('\n    at ') : []
  return {
    message: `aws-iam-authenticator failed inside, which is a bug: ${name}`,
    details: calls.map((call) => `    at ${call}`),
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { message: error.message, details: [] }
  const failure = error instanceof AuthenticatorError ? error : systemFailure(error)
  if (failure === undefined) return bugOf(error)
  const [message = '', ...details] = failure.lines
  return { message, details }
}

/** Writes the error that ended a command to stderr: as one line of JSON if that is the log format, else as text. */
export function reportFailure(error: unknown, { path, format, stderr, now }: ReportOptions): void {
  const { message, details } = failureOf(error)
  const isUsage = error instanceof UsageError
  if (format === 'json') {
    const log = createLog({ format, level: 'error', write: stderr.document, now })
    const more: LogFields = {
      details: details.length === 0 ? undefined : details.map((detail) => detail.trim()),
      help: isUsage ? `${typedPath(path)} --help` : undefined,
    }
    log.error(message, more)
    return
  }
  const last = path.at(-1) ?? path[0]
  const word = (isUsage && !isGroup(last) ? last.errorWord : undefined) ?? 'Error'
  // One line, because kubectl runs its plugin several times and prints its stderr each time.
  const hint = isUsage ? `; run "${typedPath(path)} --help"` : ''
  stderr.lines([`${word}: ${message}${hint}`, ...details])
}
