import { findPartition, partitions } from '../aws/partition.ts'
import { canonicalizeArn, type PrincipalKind } from '../identity/arn.ts'

/** What an ARN in a mapping may be. */
export interface ArnRules {
  /** For the example in the message; any principal is taken. */
  readonly kind: 'role' | 'user'
  /** Whether an ARN of a session (`assumed-role`) stands for its role. */
  readonly sessionArns: boolean
  /** Whether the ARN of a role with a path stands for the role of that name (feature gate RolePathMatch). Default false. */
  readonly rolePaths?: boolean
}

/** A principal as mappings name it: the canonical ARN in lower case, or what is wrong with the ARN. */
type ParsedArn =
  | {
      readonly arn: string
      readonly kind: PrincipalKind
      readonly fault: null
      /** Why it is for nobody, though it has the form of an ARN; null where nothing speaks against it. */
      readonly oddity: string | null
    }
  | { readonly arn: null; readonly fault: string }

const ROLE_PATH = /:role\/.*\/(?=[^/])/i

const ACCOUNT_ID = /^\d{12}$/

/** The parts of the ARN of a role or user that may be a pattern. */
const LIKE = /^arn:([^:]*):iam::([^:]*):(role|user)\/(.*)$/i
/** What names and paths of roles and users are made of (IAM API reference), and the signs of patterns. */
const NAME_PATTERN = /^(?:[!-~]*\/)?[\w+=,.@*?-]{1,128}$/
const LONGEST_PATTERN = 640

function fault(message: string): { readonly arn: null; readonly fault: string } {
  return { arn: null, fault: message }
}

function unknownPartition(text: string): string {
  const known = partitions.map((partition) => partition.id).join(', ')
  return `"${text}" is of a partition that is not known: write one of ${known}`
}

/** A role's ARN without its path, as STS tells it: `role/team/Admin` becomes `role/Admin`. Other ARNs stay. */
export function withoutRolePath(arn: string): string {
  return arn.indexOf('/') === arn.lastIndexOf('/') ? arn : arn.replace(ROLE_PATH, ':role/')
}

/** Reads the ARN of a mapping; a fault reads as the end of a sentence about the field. */
export function parseArn(text: string, { kind, sessionArns, rolePaths = false }: ArnRules): ParsedArn {
  const example = kind === 'role' ? 'arn:aws:iam::123456789012:role/Admin' : 'arn:aws:iam::123456789012:user/alice'
  if (text === '') return fault(`is empty: write an ARN such as ${example}`)
  const lower = text.toLowerCase()
  const principal = canonicalizeArn(lower)
  if (principal === 'unknown_partition') return fault(unknownPartition(text))
  if (typeof principal === 'string') {
    return fault(`"${text}" is not the ARN of a ${kind}: write one such as ${example}`)
  }
  if (!sessionArns && principal.canonicalArn !== lower) {
    return fault(`"${text}" is the ARN of a session: write that of its role, ${principal.canonicalArn}`)
  }
  const { canonicalArn, accountId } = principal
  const bare = principal.kind === 'role' ? withoutRolePath(canonicalArn) : canonicalArn
  const arn = rolePaths ? bare : canonicalArn
  let oddity: string | null = null
  if (!ACCOUNT_ID.test(accountId)) oddity = `"${text}" is for nobody: an account id has 12 digits`
  else if (arn !== bare) {
    // In the case in which it is written, but for the ARN of a session.
    const named = text.replace(ROLE_PATH, ':role/')
    const better = named === text ? bare : named
    oddity = `"${text}" is for nobody: STS tells no path of a role, so write ${better}, or set --feature-gates=RolePathMatch=true`
  }
  return { arn, kind: principal.kind, fault: null, oddity }
}

/** The part before a pattern, in lower case, and the pattern in lower case; or what is wrong with it. */
type ParsedLike =
  | { readonly prefix: string; readonly glob: string; readonly fault: null }
  | { readonly prefix: null; readonly fault: string }

/**
 * Reads the pattern of `rolelike` or `userlike`: an ARN whose last part, after `role/` or `user/`, may have `*` and `?`.
 *
 * A path in the pattern of a role would be no narrower than its last part: STS tells no path. So it is a fault, whatever gate
 * is open.
 */
export function parseLike(text: string, kind: 'role' | 'user'): ParsedLike {
  const bad = (message: string): ParsedLike => ({ prefix: null, fault: `"${text.slice(0, 200)}" ${message}` })
  const example = `write one such as arn:aws:iam::123456789012:${kind}/${kind === 'role' ? 'ci-*' : 'dev/*'}`
  const [, partition = '', account = '', type = '', name = ''] = LIKE.exec(text) ?? []
  if (type.toLowerCase() !== kind) return bad(`is no pattern for ${kind}s: ${example}`)
  if (findPartition(partition.toLowerCase()) === undefined) {
    if (/[*?]/.test(partition)) return bad('has a wildcard in the partition: write aws, aws-us-gov, aws-cn, …')
    return { prefix: null, fault: unknownPartition(text.slice(0, 200)) }
  }
  if (!ACCOUNT_ID.test(account)) return bad('is for no account: write its 12 digits, without a wildcard')
  if (kind === 'role' && name.includes('/')) {
    return bad('has a path, which STS does not tell: a pattern can only be for names')
  }
  if (!NAME_PATTERN.test(name) || text.length > LONGEST_PATTERN) {
    return bad(`fits no name of a ${kind}: letters, digits and +=,.@-_, with * and ? as wildcards`)
  }
  return { prefix: `arn:${partition}:iam::${account}:${kind}/`.toLowerCase(), glob: name.toLowerCase(), fault: null }
}
