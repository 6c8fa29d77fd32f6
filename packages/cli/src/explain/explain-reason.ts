import { reasons, reasonUrl } from '@aws-iam-authenticator/core/errors/reasons'
import type { CommandContext } from '../command-line/command.ts'
import { ARN, OUTPUT, REASON, TOKEN } from '../command-line/explain-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { formatJson } from '../terminal/style.ts'

// docs/errors.md, defined by the build.
declare const ERRORS_PAGE: string

/** The text of a section of a page in Markdown, without its heading. */
function section(page: string, heading: string): string {
  const [, text = ''] = `\n${page}`.split(`\n## ${heading}\n`)
  const [own = ''] = text.split('\n## ')
  return own.trim()
}

/**
 * Prints the section of docs/errors.md about a reason.
 *
 * @throws {UsageError} A token or an ARN is given too.
 */
export function explainReason({ setting, stdout }: CommandContext): void {
  const reason = setting(REASON)
  if (reason === '') return
  if (setting(TOKEN) !== null || setting(ARN) !== null) throw new UsageError('--reason goes without --token and --arn')
  const text = section(ERRORS_PAGE, reason)
  const url = reasonUrl(reason)
  if (setting(OUTPUT) === 'json') stdout.document(formatJson({ reason, ...reasons[reason], url, text }))
  else stdout.document(`${reason}\n\n${text}\n\n${url}\n`)
}
