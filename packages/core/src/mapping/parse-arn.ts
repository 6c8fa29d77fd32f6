import { findPartition, partitions } from '../aws/partition.ts'
import { nameCharacter } from '../document/invisible-character.ts'
import { canonicalizeArn, type PrincipalKind } from '../identity/arn.ts'

/** The forms of ARN that a mapping accepts. */
export interface ArnRules {
  /** Selects the example in messages. Any principal is accepted. */
  readonly kind: 'role' | 'user'
  /** True if an ARN of a session (`assumed-role`) stands for its role. */
  readonly sessionArns: boolean
  /** True if the ARN of a role with a path stands for the role of that name (feature gate RolePathMatch). Default false. */
  readonly rolePaths?: boolean
}

/** A parsed ARN: the canonical ARN in lower case, or the fault in it. */
type ParsedArn =
  | {
      readonly arn: string
      /** The same in the letter case of the text. */
      readonly written: string
      readonly kind: PrincipalKind
      readonly fault: null
      /** The reason why it matches no one although it has the form of an ARN; null if there is none. */
      readonly oddity: string | null
    }
  | { readonly arn: null; readonly fault: string }

const ROLE_PATH = /:role\/.*\/(?=[^/])/i

const ACCOUNT_ID = /^\d{12}$/

/** The parts of the ARN of a role or user that may be a pattern. */
const PATTERN_ARN = /^arn:([^:]*):iam::([^:]*):(role|user)\/(.*)$/i
/** The characters of names and paths of roles and users (IAM API reference), and wildcards. */
const NAME_PATTERN = /^(?:[!-~]*\/)?[\w+=,.@*?-]{1,128}$/
const MAX_PATTERN_LENGTH = 640

function fault(message: string): { readonly arn: null; readonly fault: string } {
  return { arn: null, fault: message }
}

function unknownPartition(text: string): string {
  const known = partitions.map((partition) => partition.id).join(', ')
  return `"${text}" is of a partition that is not known: write one of ${known}`
}

/** Removes the path from the ARN of a role, as STS does: `role/team/Admin` becomes `role/Admin`. Returns other ARNs unchanged. */
export function withoutRolePath(arn: string): string {
  return arn.indexOf('/') === arn.lastIndexOf('/') ? arn : arn.replace(ROLE_PATH, ':role/')
}

/** A character that no ARN has, and the part of a sentence about it; null if there is none. The text is in lower case. */
function strayCharacter(lower: string): string | null {
  const at = lower.search(/[^!-~]/)
  if (at < 0) return null
  if (lower[at] !== ' ') return `it has ${nameCharacter(lower.slice(at, at + 2))}`
  if (lower.trimStart() !== lower) return 'it has a blank at its start'
  return lower.trimEnd().includes(' ') ? 'it has a blank' : 'it has a blank at its end'
}

/** A character of a lower-case canonical ARN that no name of a role or user has; null if there is none. */
function characterOfNoName(arn: string): string | null {
  const slash = arn.lastIndexOf('/')
  return slash < 0 ? null : (/[^\w+=,.@-]/.exec(arn.slice(slash + 1))?.[0] ?? null)
}

/** The reason why a text that has the form of an ARN matches no one; null if there is none. */
function oddityOf(text: string, canonicalArn: string, accountId: string): string | null {
  if (!ACCOUNT_ID.test(accountId)) return `"${text}" matches no one: an account id has 12 digits`
  const stray = strayCharacter(canonicalArn)
  if (stray !== null) return `"${text}" matches no one: ${stray}, remove it`
  const character = characterOfNoName(canonicalArn)
  return character === null ? null : `"${text}" matches no one: no name has the character "${character}"`
}

/** The canonical ARN in the letter case of a text. */
function writtenArn(text: string, arn: string, rolePaths: boolean): string {
  if (text === arn) return arn
  const principal = canonicalizeArn(text)
  // Not an ARN in its own letter case, such as `ARN:…`.
  if (typeof principal === 'string') return arn
  const { kind, canonicalArn } = principal
  return rolePaths && kind === 'role' ? withoutRolePath(canonicalArn) : canonicalArn
}

/** Reads the ARN of a mapping. A fault is the end of a sentence about the field. */
export function parseArn(text: string, { kind, sessionArns, rolePaths = false }: ArnRules): ParsedArn {
  const example = kind === 'role' ? 'arn:aws:iam::123456789012:role/Admin' : 'arn:aws:iam::123456789012:user/alice'
  if (text === '') return fault(`is empty: write an ARN such as ${example}`)
  const lower = text.toLowerCase()
  const principal = canonicalizeArn(lower)
  if (principal === 'unknown_partition') return fault(unknownPartition(text))
  if (typeof principal === 'string') {
    const stray = strayCharacter(lower)
    if (stray !== null) return fault(`"${text}" is not the ARN of a ${kind}: ${stray}, remove it`)
    return fault(`"${text}" is not the ARN of a ${kind}: write one such as ${example}`)
  }
  if (!sessionArns && principal.canonicalArn !== lower) {
    return fault(`"${text}" is the ARN of a session: write that of its role, ${principal.canonicalArn}`)
  }
  const { canonicalArn, accountId } = principal
  const bare = principal.kind === 'role' ? withoutRolePath(canonicalArn) : canonicalArn
  const arn = rolePaths ? bare : canonicalArn
  let oddity = oddityOf(text, canonicalArn, accountId)
  if (oddity === null && arn !== bare) {
    // Keeps the case of the text, except for the ARN of a session.
    const named = text.replace(ROLE_PATH, ':role/')
    const suggested = named === text ? bare : named
    oddity = `"${text}" never matches: STS leaves role paths out of the ARN. Write ${suggested}, or set --feature-gates=RolePathMatch=true`
  }
  return { arn, written: writtenArn(text, arn, rolePaths), kind: principal.kind, fault: null, oddity }
}

/** A parsed pattern: the part before it and the pattern, both in lower case, or the fault in it. */
type ParsedPattern =
  | { readonly prefix: string; readonly glob: string; readonly fault: null }
  | { readonly prefix: null; readonly fault: string }

/**
 * Reads the pattern of `rolelike` or `userlike`: an ARN whose last part, after `role/` or `user/`, may have `*` and `?`.
 *
 * A path in the pattern of a role is always a fault. STS omits paths, so the path would not restrict the match.
 */
export function parsePattern(text: string, kind: 'role' | 'user'): ParsedPattern {
  const bad = (message: string): ParsedPattern => ({ prefix: null, fault: `"${text.slice(0, 200)}" ${message}` })
  const example = `write one such as arn:aws:iam::123456789012:${kind}/${kind === 'role' ? 'ci-*' : 'dev/*'}`
  const [, partition = '', account = '', type = '', name = ''] = PATTERN_ARN.exec(text) ?? []
  if (type.toLowerCase() !== kind) return bad(`is not a pattern for ${kind}s: ${example}`)
  if (findPartition(partition.toLowerCase()) === undefined) {
    if (/[*?]/.test(partition)) return bad('has a wildcard in the partition: write aws, aws-us-gov, aws-cn, …')
    return { prefix: null, fault: unknownPartition(text.slice(0, 200)) }
  }
  if (!ACCOUNT_ID.test(account)) return bad('has no account: write its 12 digits, without a wildcard')
  if (kind === 'role' && name.includes('/')) {
    return bad('has a path, which STS leaves out of the ARN: write only the name')
  }
  if (!NAME_PATTERN.test(name) || text.length > MAX_PATTERN_LENGTH) {
    return bad(`fits no name of a ${kind}: letters, digits and +=,.@-_, with * and ? as wildcards`)
  }
  return { prefix: `arn:${partition}:iam::${account}:${kind}/`.toLowerCase(), glob: name.toLowerCase(), fault: null }
}
