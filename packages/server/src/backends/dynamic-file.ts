import { EMPTY_INDEX, type MappingIndex } from '@aws-iam-authenticator/core/mapping/mapping-index'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Backend, BackendDescriptor } from './backend.ts'
import type { DocumentReader } from './document-reader.ts'
import { followFile } from './follow-file.ts'
import { logProblems, NO_ERRORS, type SourceErrors } from '../log/log-problems.ts'

interface DynamicFileOptions {
  readonly path: string
  /** Whether entries match by user id (`server.dynamicfileUserIDStrict`). */
  readonly userIdStrict: boolean
  readonly gates: EntryGates
  readonly reader: DocumentReader
  readonly log: Log
  /** Called if the file can't be read or has errors. */
  readonly onFileFailed: () => void
  /** Called after each load but the first, with the file's own time in seconds since the epoch; null if it has none. */
  readonly onReloaded: (updatedAt: number | null) => void
  readonly onProblems: (source: string, errors: SourceErrors) => void
}

/** Creates the backend that follows a JSON file. Everyone who can write the file can grant any access. */
export function createDynamicFile(options: DynamicFileOptions): Backend {
  const { path, userIdStrict, gates, reader, log, onFileFailed, onReloaded, onProblems } = options
  let index: MappingIndex | null = null
  let fault: string | null = null
  let isFirst = true

  const reject = (why: string): void => {
    fault = why
    onFileFailed()
    const kept = index === null ? 'it maps no one' : 'the previous mappings stay active'
    log.error(`dynamic file ${path} is not loaded: ${kept}`, { error: why })
  }
  const file = followFile(path, {
    read: async (text) => {
      const parsed = await reader.dynamicFile({ text, source: path, userIdStrict, gates })
      if (parsed.file === null) {
        onProblems(path, logProblems(log, parsed.problems))
        reject('it has errors')
        return
      }
      const { roles, users, accounts, version, updatedAt } = parsed.file
      const indexed = indexMappings(parsed.file)
      index = indexed.index
      fault = null
      onProblems(path, logProblems(log, [...parsed.problems, ...indexed.problems]))
      const counts = { roles: roles.length, users: users.length, accounts: accounts.length }
      log.info(`dynamic file ${path} loaded`, { version, ...counts, strict: userIdStrict })
      if (!isFirst) onReloaded(updatedAt)
      isFirst = false
    },
    missing: () => {
      if (index === null) log.warn(`dynamic file ${path} is not there: it maps no one until it is`)
      else log.warn(`dynamic file ${path} is gone: its mappings are no longer active`)
      index = EMPTY_INDEX
      fault = null
      onProblems(path, NO_ERRORS)
    },
    failed: reject,
  })
  return {
    start: () => file.start(),
    snapshot: () => ({ mode: 'DynamicFile', index, fault }),
    stop: () => file.stop(),
  }
}

export const dynamicFile: BackendDescriptor = {
  create: ({ path, settings, reader, log, metrics, onProblems }) =>
    createDynamicFile({
      path: path(),
      userIdStrict: settings.dynamicFileUserIdStrict,
      gates: settings.gates,
      reader,
      log,
      onFileFailed: metrics.dynamicFileFailed,
      onReloaded: (updatedAt) => metrics.dynamicallyReloaded('dynamic_file', updatedAt),
      onProblems,
    }),
  onListReplaced: (modes, metrics) => {
    const isEnabled = modes.includes('DynamicFile')
    metrics.dynamicFileEnabled(isEnabled, isEnabled && modes.length === 1)
  },
}
