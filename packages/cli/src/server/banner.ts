import type { CommandContext } from '../command-line/command.ts'
import { LOG_FORMAT } from '../command-line/global-options.ts'
import { COMMIT, VERSION } from '../release/version.ts'

/** Writes the first line of `server` and `init`: the release and its commit. It is a log line if the log is JSON. */
export function writeBanner({ setting, stderr, log }: CommandContext): void {
  if (setting(LOG_FORMAT) === 'json') log.info('Authenticator Version', { version: VERSION, commit: COMMIT })
  else stderr.line(`Authenticator Version: "${VERSION}", "${COMMIT}"`)
}
