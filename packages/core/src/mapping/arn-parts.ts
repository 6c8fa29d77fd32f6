import type { MappingEntry } from './entry.ts'

/** The parts by which ARNs are compared. */
export interface ArnParts {
  /** Such as `arn:aws:iam::123456789012:`. */
  readonly account: string
  /** `role/` or `user/`. */
  readonly kind: string
  /** Without a path. */
  readonly name: string
}

/** Splits a canonical ARN, or the start of one. Null for principals other than roles and users. */
export function arnParts(arn: string): ArnParts | null {
  const kindAt = arn.lastIndexOf(':') + 1
  const kindEnd = arn.indexOf('/', kindAt) + 1
  const kind = arn.slice(kindAt, kindEnd)
  if (kind !== 'role/' && kind !== 'user/') return null
  return { account: arn.slice(0, kindAt), kind, name: arn.slice(arn.lastIndexOf('/') + 1) }
}

/** The ARN that an entry names, or its start. Null if the entry names a user id only. */
export function arnOf({ key }: MappingEntry): string | null {
  return key.type === 'arn' || key.type === 'userId' ? key.arn : key.prefix
}
