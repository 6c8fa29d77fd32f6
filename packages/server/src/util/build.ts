/** A build of this program. */
export interface Build {
  readonly version: string
  readonly commit: string
}

/** The name and version of the runtime, such as `node 24.1.0`. */
export function runtimeName(): string {
  const { bun } = process.versions
  return bun === undefined ? `node ${process.versions.node}` : `bun ${bun}`
}
