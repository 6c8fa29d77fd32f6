import { findPartition } from '../aws/partition.ts'

/** The kind of a principal. */
export type PrincipalKind = 'role' | 'user' | 'root' | 'federated-user'

/** A principal by its canonical ARN, which is the form that mappings use. */
export interface Principal {
  readonly kind: PrincipalKind
  readonly canonicalArn: string
  readonly accountId: string
}

/** The reason why a text is not the ARN of a supported principal. */
export type ArnFault = 'not_an_arn' | 'unknown_partition' | 'unsupported_principal'

/**
 * The canonical ARN of a principal. An assumed-role session has that of its role. Other principals keep their own.
 *
 * `arn:aws:sts::123456789012:assumed-role/Admin/alice` becomes `arn:aws:iam::123456789012:role/Admin`. STS omits the
 * path of a role from the ARN of a session, so a canonical ARN from STS has no path.
 */
export function canonicalizeArn(text: string): Principal | ArnFault {
  // arn:<partition>:<service>:<region>:<account>:<resource> (AWS General Reference, "Amazon Resource Names"). Searching for
  // the colons is faster than splitting, which matters for thousands of mappings.
  if (!text.startsWith('arn:')) return 'not_an_arn'
  const serviceAt = text.indexOf(':', 4) + 1
  const regionAt = text.indexOf(':', serviceAt) + 1
  const accountAt = text.indexOf(':', regionAt) + 1
  const resourceAt = text.indexOf(':', accountAt) + 1
  // After a missing colon the search starts at 0 again.
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
