import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { Metrics } from '../metrics/metrics.ts'
import type { Backend } from './backend.ts'
import { createConfigMap } from './config-map.ts'
import { createCrd } from './crd.ts'
import type { DocumentReader } from './document-reader.ts'
import { createDynamicFile } from './dynamic-file.ts'
import { createMountedFile } from './mounted-file.ts'

interface BackendOptions {
  /** The mappings of the configuration file. */
  readonly mappings: MappingLists
  readonly gates: EntryGates & { readonly sso: boolean }
  /** Null where none is configured. */
  readonly dynamicFile: { readonly path: string; readonly userIdStrict: boolean } | null
  readonly reader: DocumentReader
  readonly log: Log
  readonly now: () => Date
  readonly metrics: Metrics
  /** A source was read anew; it has so many errors. */
  readonly changed: (mode: BackendMode, source: string, errors: number) => void
  /** A connection to the API server, for one backend alone. */
  readonly connect: () => Promise<KubernetesApi>
}

/**
 * Makes the backend of a mode; it is not started yet.
 *
 * @throws {ConfigurationError} It has no API server to ask, or no file to read.
 * @throws {FileError} What leads to the API server can't be read.
 */
export async function createBackend(mode: BackendMode, options: BackendOptions): Promise<Backend> {
  const { mappings, gates, dynamicFile, reader, log, now, metrics, changed, connect } = options
  const problemsFound = (source: string, errors: number): void => {
    metrics.mappingProblems(source, errors)
    changed(mode, source, errors)
  }
  if (mode === 'MountedFile') {
    changed(mode, mode, 0)
    return createMountedFile(mappings, log)
  }
  if (mode === 'EKSConfigMap') {
    const { configMapWatchFailed: watchFailed } = metrics
    return createConfigMap({ api: await connect(), gates, reader, log, watchFailed, problemsFound })
  }
  if (mode === 'CRD') return createCrd({ api: await connect(), gates, log, now, problemsFound })
  if (dynamicFile === null) throw new ConfigurationError('backend DynamicFile has no file: set server.dynamicfilepath')
  return createDynamicFile({
    ...dynamicFile,
    gates,
    reader,
    log,
    fileFailed: metrics.dynamicFileFailed,
    reloaded: (updatedAt) => metrics.dynamicallyReloaded('dynamic_file', updatedAt),
    problemsFound,
  })
}
