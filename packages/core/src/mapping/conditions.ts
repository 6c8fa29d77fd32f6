import { didYouMean } from '../document/did-you-mean.ts'
import type { Field, Fields, LocatedDocument } from '../document/located-document.ts'
import type { Identity } from '../identity/caller-identity.ts'
import type { Conditions } from './entry.ts'
import { matchesGlob } from './glob.ts'
import {
  coversJwt,
  includesAll,
  JWT_CONDITION_NAMES,
  jwtConditionNames,
  jwtConditionThatFails,
  parseJwtConditions,
  parseTexts,
  type JwtConditionName,
} from './jwt-conditions.ts'

/** The characters of session names (STS AssumeRole, RoleSessionName), and wildcards. */
const SESSION_NAME_PATTERN = /^[\w+=,.@*?-]{1,64}$/
/** A unique id of IAM, or the `<account>:<name>` of a federated user. */
const PRINCIPAL_ID = /^[\w:+=,.@-]{1,128}$/

/** The fault of a `principalid` or `sessionnames` beside a condition that only a JWT can meet. No token would meet both. */
export const NEVER_WITH_JWT: string = `is not for JWTs, but ${JWT_CONDITION_NAMES.join(', ')} are for JWTs only: write two entries`

/** Checks the `principalid` of an entry. Returns the end of a sentence about the field, or null if it is valid. */
export function principalIdFault(text: string, isRole: boolean): string | null {
  if (!PRINCIPAL_ID.test(text)) return `"${text}" is not a unique id: write one such as AROA… or AIDA…`
  // STS and CloudTrail show the user id of a session in this form.
  if (isRole && text.includes(':')) return `"${text}" has the name of a session: write what stands before the colon`
  return null
}

/** Checks the `sessionnames` of an entry. Returns the end of a sentence about the field, or null if they are valid. */
export function sessionNamesFault(patterns: readonly string[], isRole: boolean): string | null {
  if (!isRole) return 'applies to role sessions only: no other identity has a session name'
  if (patterns.length === 0) return 'is an empty list, which matches no one: name patterns, or remove the key'
  const bad = patterns.find((pattern) => !SESSION_NAME_PATTERN.test(pattern))
  if (bad === undefined) return null
  return `"${bad.slice(0, 80)}" matches no session name: write up to 64 letters, digits and +=,.@-_, with * and ? as wildcards`
}

/** Returns null if no condition is given. */
export function givenConditions(conditions: Conditions): Conditions | null {
  return Object.values(conditions).every((condition) => condition === null) ? null : conditions
}

/** Starts of keys that people take for conditions: names of claims, of IAM condition keys, and other spellings. */
const STARTS_LIKE_CONDITION =
  /^(?:principal|session|source[_-]?ident|identity[_-]?store|org(?:anization)?[_-]?(?:id|path|unit)|ou[_-]?(?:id|path)|(?:request[_-]?)?tags?$)/i

/**
 * Returns whether an unknown key was probably meant as a condition. Ignoring a condition would grant access to more identities than intended.
 */
export function looksLikeCondition(key: string): boolean {
  return (
    STARTS_LIKE_CONDITION.test(key) || didYouMean(key, ['principalid', 'sessionnames', ...JWT_CONDITION_NAMES]) !== ''
  )
}

function parsePrincipalId(document: LocatedDocument, field: Field | undefined, isRole: boolean): string | null {
  const principalId = field === undefined ? null : document.string(field)
  const fault = principalId === null ? null : principalIdFault(principalId, isRole)
  if (field !== undefined && fault !== null) document.error(field, fault)
  return principalId
}

/** How the entries of a source are read. */
interface ConditionRules {
  readonly isRole: boolean
  /** True if the entries are found by their `userid`. */
  readonly byUserId: boolean
}

/** Reads the conditions of an entry. An empty one is an error, because it must not count as absent. */
export function parseConditions(
  document: LocatedDocument,
  fields: Fields,
  { isRole, byUserId }: ConditionRules,
): Conditions | null {
  const [idField, namesField] = [fields.get('principalid'), fields.get('sessionnames')]
  const principalId = parsePrincipalId(document, idField, isRole)
  const sessionNames = namesField === undefined ? null : parseTexts(document, namesField)
  const namesFault = sessionNames === null ? null : sessionNamesFault(sessionNames, isRole)
  if (namesField !== undefined && namesFault !== null) document.error(namesField, namesFault)
  const jwt = parseJwtConditions(document, fields, isRole)
  const otherField = idField ?? namesField
  if (jwtConditionNames(jwt).length > 0 && otherField !== undefined) document.error(otherField, NEVER_WITH_JWT)
  for (const name of byUserId ? JWT_CONDITION_NAMES : []) {
    const field = fields.get(name.toLowerCase())
    if (field !== undefined) {
      document.error(field, 'is not for this file, whose entries are found by userid, which a JWT does not have')
    }
  }
  return givenConditions({ principalId, sessionNames, ...jwt })
}

/** A condition that an identity does not meet. `jwt` stands for all those of an entry that matches JWTs only. */
export type FailedCondition = 'principalId' | 'sessionNames' | 'jwt' | JwtConditionName

/** The condition of an entry that an identity does not meet; null if it meets all of them. */
export function conditionThatFails(
  conditions: Conditions | null,
  { userId, sessionName, web }: Pick<Identity, 'userId' | 'sessionName' | 'web'>,
): FailedCondition | null {
  if (conditions === null) return null
  const { principalId, sessionNames } = conditions
  if (principalId !== null && principalId !== userId) return 'principalId'
  const matches = sessionNames?.some((pattern) => matchesGlob(pattern, sessionName)) ?? true
  if (!matches) return 'sessionNames'
  if (web !== undefined) return jwtConditionThatFails(conditions, web)
  return jwtConditionNames(conditions).length > 0 ? 'jwt' : null
}

export const NO_CONDITIONS: Conditions = {
  principalId: null,
  sessionNames: null,
  principalTags: null,
  orgId: null,
  ouPaths: null,
  sourceIdentities: null,
}

/** Returns whether every identity that meets the second conditions also meets the first. False if a comparison of the texts can't tell. */
export function covers(first: Conditions | null, second: Conditions | null): boolean {
  if (first === null) return true
  const other = second ?? NO_CONDITIONS
  if (first.principalId !== null && first.principalId !== other.principalId) return false
  if (!coversJwt(first, other)) return false
  const { sessionNames } = first
  if (sessionNames === null || sessionNames.includes('*')) return true
  return other.sessionNames !== null && includesAll(sessionNames, other.sessionNames)
}
