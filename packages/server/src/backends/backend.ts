import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'

/** A source of mappings. It replaces its snapshot whole, so that a decision sees one state of it. */
export interface Backend {
  /** Begins to load, in the background; resolves when that has gone well or has failed for the first time. */
  start(): Promise<void>
  snapshot(): BackendSnapshot
  stop(): Promise<void>
}
