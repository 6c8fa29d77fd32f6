import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { Backend } from './backend.ts'
import { logProblems } from '../log/log-problems.ts'

/** Creates the backend of the mappings in the server's own configuration file, which are read once at the start. */
export function createMountedFile(mappings: MappingLists, log: Log): Backend {
  const { index, problems } = indexMappings(mappings)
  logProblems(log, problems)
  return {
    start: () => Promise.resolve(),
    snapshot: () => ({ mode: 'MountedFile', index, fault: null }),
    stop: () => Promise.resolve(),
  }
}
