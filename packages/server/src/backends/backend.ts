import type { BackendSnapshot } from '@aws-iam-authenticator/core'

/** A source of mappings. It replaces its snapshot whole, so that a decision sees one state of it. */
export interface Backend {
  /** Begins to load. A backend that loads in the background returns at once; its snapshot says when it has something. */
  start(): void
  snapshot(): BackendSnapshot
  stop(): Promise<void>
}
