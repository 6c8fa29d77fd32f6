import { reasons, reasonUrl } from '@aws-iam-authenticator/core/errors/reasons'
import type { CommandContext } from '../command-line/command.ts'
import { ARN, OUTPUT, REASON, TOKEN } from '../command-line/explain-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { formatJson, stdoutStyle } from '../terminal/style.ts'
import { wrap } from '../terminal/wrap.ts'

// docs/errors.md, defined by the build.
declare const ERRORS_PAGE: string

/** The text of a section of a page in Markdown, without its heading. */
function section(page: string, heading: string): string {
  const [, text = ''] = `\n${page}`.split(`\n## ${heading}\n`)
  const [own = ''] = text.split('\n## ')
  return own.trim()
}

/** Wraps Markdown for a terminal. An item of a list is indented below its mark. */
function wrapMarkdown(text: string, width: number): string {
  const blocks: string[] = []
  let isCode = false
  for (const line of text.split('\n')) {
    const isFence = line.startsWith('```')
    const isNew = isCode || isFence || line === '' || /^(?:[-|]|\*\*)/.test(line) || !blocks.at(-1)
    if (isNew) blocks.push(line)
    else blocks[blocks.length - 1] += ` ${line.trim()}`
    if (isFence) isCode = !isCode
  }
  const wrapped = blocks.map((block) => {
    const indent = block.startsWith('- ') ? '  ' : ''
    return wrap(block, width - 2).join(`\n${indent}`)
  })
  return wrapped.join('\n')
}

/**
 * Prints the section of docs/errors.md about a reason.
 *
 * @throws {UsageError} A token or an ARN is given too.
 */
export function explainReason({ setting, environment, stdout }: CommandContext): void {
  const reason = setting(REASON)
  if (reason === '') return
  if (setting(TOKEN) !== null || setting(ARN) !== null) throw new UsageError('--reason goes without --token and --arn')
  const text = section(ERRORS_PAGE, reason)
  const url = reasonUrl(reason)
  if (setting(OUTPUT) === 'json') stdout.document(formatJson({ reason, ...reasons[reason], url, text }))
  else {
    const { width } = stdoutStyle(environment)
    stdout.document(`${reason}\n\n${width === null ? text : wrapMarkdown(text, width)}\n\n${url}\n`)
  }
}
