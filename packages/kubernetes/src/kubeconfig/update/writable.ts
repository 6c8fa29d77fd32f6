import type { Writable } from '@aws-iam-authenticator/core/edit/render'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'

/** A value of a kubeconfig that was read, to be written again. */
export function toWritable(value: unknown): Writable {
  if (Array.isArray(value)) return value.map(toWritable)
  if (isRecord(value)) return fieldsOf(value)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

/** The fields of a value, in their order; empty if it is not a mapping. */
export function fieldsOf(value: unknown): Readonly<Record<string, Writable>> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toWritable(item)]))
}
