import { findPartition } from '../aws/partition.ts'

/** The parts of an ARN (AWS General Reference, "Amazon Resource Names"). */
interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly accountId: string
  /** All after the fifth colon, such as `role/team/Admin`. */
  readonly resource: string
}

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

function splitArn(text: string): Arn | null {
  const [prefix, partition = '', service = '', region = '', accountId = '', ...resource] = text.split(':')
  if (prefix !== 'arn' || resource.length === 0) return null
  return { partition, service, region, accountId, resource: resource.join(':') }
}

/**
 * The canonical ARN of a principal: an assumed-role session counts as its role, everyone else as themselves.
 *
 * `arn:aws:sts::123456789012:assumed-role/Admin/alice` becomes `arn:aws:iam::123456789012:role/Admin`. STS leaves a role's
 * path out of the session's ARN, so a canonical ARN that comes from STS never has one.
 */
export function canonicalizeArn(text: string): Principal | ArnFault {
  const arn = splitArn(text)
  if (arn === null) return 'not_an_arn'
  if (findPartition(arn.partition) === undefined) return 'unknown_partition'
  const { partition, service, accountId, resource } = arn
  const [type = '', ...rest] = resource.split('/')
  const whole = (kind: PrincipalKind): Principal => ({ kind, canonicalArn: text, accountId })
  if (service === 'sts') {
    if (type === 'federated-user') return whole('federated-user')
    if (type === 'assumed-role' && rest.length >= 2) {
      const role = rest.slice(0, -1).join('/')
      return { kind: 'role', canonicalArn: `arn:${partition}:iam::${accountId}:role/${role}`, accountId }
    }
  }
  if (service === 'iam' && (type === 'role' || type === 'user' || type === 'root')) return whole(type)
  return 'unsupported_principal'
}
