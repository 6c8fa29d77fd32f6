/** `metadata` of a stored object; the fields named here are the server's to fill. */
export type ObjectMeta = {
  name: string
  namespace?: string
  uid: string
  resourceVersion: string
  creationTimestamp: string
  generation?: number
  [field: string]: unknown
}

/** A Kubernetes object as the server stores and answers it. Never changed in place: every write makes a new one. */
export type KubeObject = { apiVersion: string; kind: string; metadata: ObjectMeta; [field: string]: unknown }

/** An object as a client sends it: named, but not yet the server's. */
export type Draft = { metadata: { name: string; [field: string]: unknown }; [field: string]: unknown }

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
