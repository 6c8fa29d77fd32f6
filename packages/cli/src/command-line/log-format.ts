import type { LogFormat } from '@aws-iam-authenticator/core/log/log'
import { takesNext } from './find-command.ts'
import { LOG_FORMAT } from './global-options.ts'
import type { Option } from './option.ts'

/** The value in an argument such as `--log-format=json`, `-ljson` or `-l=json`; undefined for other arguments. */
function attachedFormat(argument: string): string | undefined {
  const long = `--${LOG_FORMAT.flag ?? ''}=`
  const short = `-${LOG_FORMAT.short ?? ''}`
  if (argument.startsWith(long)) return argument.slice(long.length)
  if (!argument.startsWith(short)) return undefined
  return argument.slice(argument.startsWith(`${short}=`) ? short.length + 1 : short.length)
}

/**
 * Returns the log format of a command line, even if the rest of the line is not valid. Errors about the line are written in this
 * format.
 */
export function writtenLogFormat(args: readonly string[], options: readonly Option<unknown>[]): LogFormat {
  let format: LogFormat = 'text'
  for (let index = 0; index < args.length && args[index] !== '--'; index += 1) {
    const argument = args[index] ?? ''
    const isFormat = argument === `--${LOG_FORMAT.flag ?? ''}` || argument === `-${LOG_FORMAT.short ?? ''}`
    if (takesNext(argument, options)) index += 1
    const written = isFormat ? args[index] : attachedFormat(argument)
    if (written !== undefined) format = written === 'json' ? 'json' : 'text'
  }
  return format
}
