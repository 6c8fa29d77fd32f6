import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { BACKENDS, type BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { NO_ERRORS, type SourceErrors } from '../log/log-problems.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Backend, BackendContext, BackendDescriptor } from './backend.ts'
import { eksConfigMap } from './config-map.ts'
import { crd } from './crd.ts'
import { dynamicFile } from './dynamic-file.ts'
import { mountedFile } from './mounted-file.ts'

const DESCRIPTORS: Readonly<Record<BackendMode, BackendDescriptor>> = {
  MountedFile: mountedFile,
  EKSConfigMap: eksConfigMap,
  CRD: crd,
  DynamicFile: dynamicFile,
}

interface BackendOptions extends Omit<BackendContext, 'path' | 'onProblems' | 'onLoaded'> {
  /** The paths of the backends that read a file of their own. */
  readonly paths: ReadonlyMap<BackendMode, string>
  /** Called when a source was read again, with its errors. */
  readonly onChanged: (mode: BackendMode, errors: SourceErrors) => void
}

/**
 * Creates the backend of a mode, without starting it.
 *
 * @throws {ConfigurationError} No API server or no file is configured for it.
 * @throws {FileError} The kubeconfig can't be read.
 */
export async function createBackend(mode: BackendMode, options: BackendOptions): Promise<Backend> {
  const { paths, metrics, onChanged } = options
  return DESCRIPTORS[mode].create({
    ...options,
    path: () => {
      const path = paths.get(mode)
      if (path !== undefined) return path
      const key = BACKENDS.find((backend) => backend.mode === mode)?.path?.key ?? ''
      throw new ConfigurationError(`backend ${mode} has no file: set server.${key}`)
    },
    onProblems: (source, errors) => {
      metrics.mappingProblems(source, errors.count)
      onChanged(mode, errors)
    },
    onLoaded: () => onChanged(mode, NO_ERRORS),
  })
}

/** Reports another list of backends to each of them, active or not. */
export function reportBackendList(modes: readonly BackendMode[], metrics: Metrics): void {
  for (const { onListReplaced } of Object.values(DESCRIPTORS)) onListReplaced?.(modes, metrics)
}
