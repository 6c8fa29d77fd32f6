import { partitions } from '../aws/partition.ts'
import { canonicalizeArn, type PrincipalKind } from '../identity/arn.ts'

/** What an ARN in a mapping may be. */
export interface ArnRules {
  /** For the example in the message; any principal is taken. */
  readonly kind: 'role' | 'user'
  /** Whether an ARN of a session (`assumed-role`) stands for its role. */
  readonly sessionArns: boolean
}

/** A principal as mappings name it: the canonical ARN in lower case, or what is wrong with the ARN. */
export type ParsedArn =
  | { readonly arn: string; readonly kind: PrincipalKind; readonly fault: null }
  | { readonly arn: null; readonly fault: string }

function fault(message: string): ParsedArn {
  return { arn: null, fault: message }
}

/** Reads the ARN of a mapping; a fault reads as the end of a sentence about the field. */
export function parseArn(text: string, { kind, sessionArns }: ArnRules): ParsedArn {
  const example = kind === 'role' ? 'arn:aws:iam::123456789012:role/Admin' : 'arn:aws:iam::123456789012:user/alice'
  if (text === '') return fault(`is empty: write an ARN such as ${example}`)
  const principal = canonicalizeArn(text.toLowerCase())
  if (principal === 'unknown_partition') {
    const known = partitions.map((partition) => partition.id).join(', ')
    return fault(`"${text}" is of a partition that is not known: write one of ${known}`)
  }
  if (typeof principal === 'string') {
    return fault(`"${text}" is not the ARN of a ${kind}: write one such as ${example}`)
  }
  if (!sessionArns && principal.canonicalArn !== text.toLowerCase()) {
    return fault(`"${text}" is the ARN of a session: write that of its role, ${principal.canonicalArn}`)
  }
  return { arn: principal.canonicalArn, kind: principal.kind, fault: null }
}

/** A role's ARN without its path, as STS tells it: `role/team/Admin` becomes `role/Admin`. Other ARNs stay. */
export function withoutRolePath(arn: string): string {
  return arn.replace(/:role\/.*\//, ':role/')
}
