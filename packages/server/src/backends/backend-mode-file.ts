import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { parseBackendModeFile } from '@aws-iam-authenticator/core/mapping/backend-mode-file'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { BackendSet } from './backend-set.ts'
import { followFile, type FollowedFile } from './follow-file.ts'
import { logProblems, NO_ERRORS, type SourceErrors } from '../log/log-problems.ts'

interface BackendModeFileOptions {
  readonly path: string
  readonly backends: BackendSet
  /** The list that is active while there is no file. */
  readonly configured: readonly BackendMode[]
  readonly log: Log
  /** Called after each load but the first, with the file's own time in seconds since the epoch; null if it has none. */
  readonly onReloaded: (updatedAt: number | null) => void
  /** Called after each change of the file, with its errors, and why it is not active; null if it is, or does not exist. */
  readonly onChanged: (errors: SourceErrors, fault: string | null) => void
}

/** Follows the file at `server.dynamicBackendModePath`, and replaces the list of backends by the one in the file. */
export function createBackendModeFile(options: BackendModeFileOptions): FollowedFile {
  const { path, backends, configured, log, onReloaded, onChanged } = options
  let isFirst = true

  const keep = (error: string, errors: SourceErrors = NO_ERRORS): void => {
    onChanged(errors, error)
    log.error(`backend mode file ${path} is not loaded: the previous list of backends stays active`, { error })
  }
  /** Replaces the list of backends; false if that failed. */
  const replace = async (modes: readonly BackendMode[]): Promise<boolean> => {
    try {
      await backends.replace(modes)
      return true
    } catch (error) {
      keep(messageOf(error))
      return false
    }
  }
  return followFile(path, {
    read: async (text) => {
      const { file, problems } = parseBackendModeFile(text, path)
      const errors = logProblems(log, problems)
      if (file === null) {
        keep('it has errors', errors)
        return
      }
      for (const warning of file.warnings) log.warn(warning)
      if (!(await replace(file.modes))) return
      onChanged(errors, null)
      log.info(`backend mode file ${path} loaded`, { version: file.version, backends: file.modes })
      if (!isFirst) onReloaded(file.updatedAt)
      isFirst = false
    },
    missing: async () => {
      if (!(await replace(configured))) return
      log.info(`backend mode file ${path} is not there: the configured backends are active`, { backends: configured })
      onChanged(NO_ERRORS, null)
    },
    failed: (message) => keep(message),
  })
}
