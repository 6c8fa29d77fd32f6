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
  /** Null if none is configured. */
  readonly dynamicFile: { readonly path: string; readonly userIdStrict: boolean } | null
  readonly reader: DocumentReader
  readonly log: Log
  readonly now: () => Date
  readonly metrics: Metrics
  /** Called when a source was read again, with the number of its errors. */
  readonly onChanged: (mode: BackendMode, source: string, errors: number) => void
  /** Connects to the API server, for one backend alone. */
  readonly connect: () => Promise<KubernetesApi>
}

/**
 * Creates the backend of a mode, without starting it.
 *
 * @throws {ConfigurationError} No API server or no file is configured for it.
 * @throws {FileError} The kubeconfig can't be read.
 */
export async function createBackend(mode: BackendMode, options: BackendOptions): Promise<Backend> {
  const { mappings, gates, dynamicFile, reader, log, now, metrics, onChanged, connect } = options
  const onProblems = (source: string, errors: number): void => {
    metrics.mappingProblems(source, errors)
    onChanged(mode, source, errors)
  }
  if (mode === 'MountedFile') {
    onChanged(mode, mode, 0)
    return createMountedFile(mappings, log)
  }
  if (mode === 'EKSConfigMap') {
    const { configMapWatchFailed: onWatchFailed } = metrics
    return createConfigMap({ api: await connect(), gates, reader, log, onWatchFailed, onProblems })
  }
  if (mode === 'CRD') return createCrd({ api: await connect(), gates, log, now, onProblems })
  if (dynamicFile === null) throw new ConfigurationError('backend DynamicFile has no file: set server.dynamicfilepath')
  return createDynamicFile({
    ...dynamicFile,
    gates,
    reader,
    log,
    onFileFailed: metrics.dynamicFileFailed,
    onReloaded: (updatedAt) => metrics.dynamicallyReloaded('dynamic_file', updatedAt),
    onProblems,
  })
}
