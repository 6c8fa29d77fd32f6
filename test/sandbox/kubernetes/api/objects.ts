/** `metadata` of a stored object. The server fills the fields named here. */
export type ObjectMeta = {
  name: string
  namespace?: string
  uid: string
  resourceVersion: string
  creationTimestamp: string
  generation?: number
  [field: string]: unknown
}

/** A Kubernetes object as the server stores and returns it. Never changed in place: every write creates a new one. */
export type KubeObject = { apiVersion: string; kind: string; metadata: ObjectMeta; [field: string]: unknown }

/** An object from a client, before the server has filled its metadata. */
export type Draft = { metadata: { name: string; [field: string]: unknown }; [field: string]: unknown }

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
