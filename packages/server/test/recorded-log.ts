import type { Log, LogFields, WriteLine } from '@aws-iam-authenticator/core/log/log'

export interface RecordedLine {
  readonly level: keyof Log
  readonly message: string
  readonly fields: LogFields
}

/** A log for tests. */
export function recordedLog(): { readonly log: Log; readonly lines: RecordedLine[] } {
  const lines: RecordedLine[] = []
  const at =
    (level: keyof Log): WriteLine =>
    (message, ...parts) => {
      const fields: LogFields = Object.fromEntries(parts.flatMap((part) => Object.entries(part)))
      lines.push({ level, message, fields })
    }
  return { log: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }, lines }
}
