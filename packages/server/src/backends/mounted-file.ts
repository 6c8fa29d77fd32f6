import { indexMappings, type Log, type MappingLists } from '@aws-iam-authenticator/core'
import type { Backend } from './backend.ts'
import { logProblems } from './log-problems.ts'

/**
 * The mappings of the server's own configuration file, read once at the start.
 */
export function createMountedFile(mappings: MappingLists, log: Log): Backend {
  const { index, problems } = indexMappings(mappings)
  logProblems(log, problems)
  return {
    start: () => Promise.resolve(),
    snapshot: () => ({ mode: 'MountedFile', index, fault: null }),
    stop: () => Promise.resolve(),
  }
}
