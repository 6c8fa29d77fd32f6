import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'

/** A source of mappings. It replaces its snapshot as a whole, so that a decision sees one state. */
export interface Backend {
  /** Starts loading in the background; resolves after the first success or failure. */
  start(): Promise<void>
  snapshot(): BackendSnapshot
  stop(): Promise<void>
}
