import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { checkFileKind } from '@aws-iam-authenticator/files/kind/check-file-kind'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { homeFolder } from '@aws-iam-authenticator/network/home-folder'
import type { ProfileSettings } from '../aws/shared-config.ts'

/** The file that `aws sso login` writes the session of a profile to; undefined if the profile has no session. */
export function ssoTokenFile(environment: Environment, profile: ProfileSettings): string | undefined {
  const id = profile.get('sso_session') ?? profile.get('sso_start_url')
  if (id === undefined) return undefined
  const name = createHash('sha1').update(id).digest('hex')
  return join(homeFolder(environment), '.aws', 'sso', 'cache', `${name}.json`)
}

/** The file that `aws login` writes the session of a profile to; undefined if the profile has no session. */
function loginTokenFile(environment: Environment, profile: ProfileSettings): string | undefined {
  const session = profile.get('login_session')
  if (session === undefined) return undefined
  const folder =
    firstSet(environment, 'AWS_LOGIN_CACHE_DIRECTORY')?.value ?? join(homeFolder(environment), '.aws', 'login', 'cache')
  return join(folder, `${createHash('sha256').update(session).digest('hex')}.json`)
}

/**
 * Checks the kind of the files that the SDK reads for a profile.
 *
 * @throws {UnreadableFile} `ENOTREG`; the message names the path.
 */
export function checkTokenCaches(environment: Environment, profile: ProfileSettings): void {
  for (const path of [ssoTokenFile(environment, profile), loginTokenFile(environment, profile)]) {
    if (path !== undefined) checkFileKind(path)
  }
}
