import { findPartition } from '../aws/partition.ts'

/** What a canonical ARN names. */
export type PrincipalKind = 'role' | 'user' | 'root' | 'federated-user'

/** A principal by its canonical ARN: the form in which mappings name it. */
export interface Principal {
  readonly kind: PrincipalKind
  readonly canonicalArn: string
  readonly accountId: string
}

/** Why an ARN names no principal: not an ARN at all, or one of a kind that can't log in. */
export type ArnFault = 'not_an_arn' | 'unknown_partition' | 'unsupported_principal'

/**
 * The canonical ARN of a principal: an assumed-role session counts as its role, everyone else as themselves.
 *
 * `arn:aws:sts::123456789012:assumed-role/Admin/alice` becomes `arn:aws:iam::123456789012:role/Admin`. STS leaves a role's
 * path out of the session's ARN, so a canonical ARN that comes from STS never has one.
 */
export function canonicalizeArn(text: string): Principal | ArnFault {
  // arn:<partition>:<service>:<region>:<account>:<resource> (AWS General Reference, "Amazon Resource Names"). A list of mappings
  // has thousands of them: an array of the parts of each would cost more than to look for its colons.
  if (!text.startsWith('arn:')) return 'not_an_arn'
  const serviceAt = text.indexOf(':', 4) + 1
  const regionAt = text.indexOf(':', serviceAt) + 1
  const accountAt = text.indexOf(':', regionAt) + 1
  const resourceAt = text.indexOf(':', accountAt) + 1
  // Where a colon is missing the search begins again.
  if (serviceAt === 0 || regionAt < serviceAt || accountAt < regionAt || resourceAt < accountAt) return 'not_an_arn'
  const partition = text.slice(4, serviceAt - 1)
  if (findPartition(partition) === undefined) return 'unknown_partition'
  const accountId = text.slice(accountAt, resourceAt - 1)
  const resource = text.slice(resourceAt)
  const slash = resource.indexOf('/')
  const type = slash < 0 ? resource : resource.slice(0, slash)
  if (text.startsWith('iam:', serviceAt)) {
    if (type === 'role' || type === 'user' || type === 'root') return { kind: type, canonicalArn: text, accountId }
  } else if (text.startsWith('sts:', serviceAt)) {
    if (type === 'federated-user') return { kind: type, canonicalArn: text, accountId }
    const last = resource.lastIndexOf('/')
    if (type === 'assumed-role' && slash < last) {
      const role = resource.slice(slash + 1, last)
      return { kind: 'role', canonicalArn: `arn:${partition}:iam::${accountId}:role/${role}`, accountId }
    }
  }
  return 'unsupported_principal'
}
