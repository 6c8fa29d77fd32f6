import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { Backend, BackendDescriptor } from './backend.ts'
import { logProblems } from '../log/log-problems.ts'

const MODE = 'MountedFile'

/** Creates the backend of the mappings in the server's own configuration file, which are read once at the start. */
export function createMountedFile(mappings: MappingLists, log: Log): Backend {
  const { index, problems } = indexMappings(mappings)
  logProblems(log, problems)
  return {
    start: () => Promise.resolve(),
    snapshot: () => ({ mode: MODE, index, fault: null }),
    stop: () => Promise.resolve(),
  }
}

export const mountedFile: BackendDescriptor = {
  create: ({ settings, log, onLoaded }) => {
    onLoaded()
    return createMountedFile(settings.mappings, log)
  },
}

/** Creates a function that returns the mappings of the configuration file if no enabled backend has them. */
export function createUnaskedMappings(
  mappings: MappingLists,
): (asked: readonly BackendSnapshot[]) => readonly BackendSnapshot[] {
  let unasked: readonly BackendSnapshot[] | undefined
  return (asked) => {
    if (asked.some(({ mode }) => mode === MODE)) return []
    unasked ??= [{ mode: MODE, index: indexMappings(mappings).index, fault: null }]
    return unasked
  }
}
