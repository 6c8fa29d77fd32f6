import type { GetSetting } from './settings.ts'
import { AUDIENCE, FORWARD_SESSION_NAME, ROLE, SESSION_NAME, SOURCE_IDENTITY, TOKEN_TYPE } from './token-options.ts'
import { UsageError } from './usage-error.ts'

/** @throws {UsageError} Options of `token` that need or exclude each other. */
export function checkTokenOptions(setting: GetSetting): void {
  if (setting(FORWARD_SESSION_NAME) && setting(SESSION_NAME) !== null) {
    throw new UsageError('cannot specify both --forward-session-name and --session-name parameter')
  }
  if (setting(SOURCE_IDENTITY) !== null && setting(ROLE) === null) {
    throw new UsageError('--source-identity is for a role to assume: give --role too')
  }
  if (setting(AUDIENCE) !== null && setting(TOKEN_TYPE) !== 'jwt') {
    throw new UsageError('--audience is for a JWT: give --token-type=jwt too')
  }
}
