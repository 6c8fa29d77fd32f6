import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { SourceErrors } from '../log/log-problems.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { DocumentReader } from './document-reader.ts'

/** A source of mappings. It replaces its snapshot as a whole, so that a decision sees one state. */
export interface Backend {
  /** Starts loading in the background; resolves after the first success or failure. */
  start(): Promise<void>
  snapshot(): BackendSnapshot
  stop(): Promise<void>
}

/** The settings of backends. */
export interface BackendSettings {
  /** The mappings of the configuration file. */
  readonly mappings: MappingLists
  /** The fields of entries that feature gates enable. */
  readonly gates: EntryGates & { readonly sso: boolean }
  /** Whether entries of the dynamic file match by user id. */
  readonly dynamicFileUserIdStrict: boolean
}

/** What a backend is created from. */
export interface BackendContext {
  readonly settings: BackendSettings
  /**
   * Returns the path of the backend's file.
   *
   * @throws {ConfigurationError} None is configured.
   */
  readonly path: () => string
  /** Connects to the API server, for this backend alone. */
  readonly connect: () => Promise<KubernetesApi>
  readonly reader: DocumentReader
  readonly log: Log
  readonly now: () => Date
  readonly metrics: Metrics
  /** Must be called after each load of a source, with its errors. */
  readonly onProblems: (source: string, errors: SourceErrors) => void
  /** Must be called instead if there is no source that can have errors: its errors prevent the start. */
  readonly onLoaded: () => void
}

/** How the server runs the backend of a mode. */
export interface BackendDescriptor {
  /** Creates the backend, without starting it. */
  readonly create: (context: BackendContext) => Backend | Promise<Backend>
  /** Called when another list of backends is active. */
  readonly onListReplaced?: (modes: readonly BackendMode[], metrics: Metrics) => void
}
