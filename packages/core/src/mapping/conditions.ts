import { didYouMean } from '../document/did-you-mean.ts'
import type { Fields, LocatedDocument } from '../document/located-document.ts'
import type { Identity } from '../identity/caller-identity.ts'
import type { Conditions } from './entry.ts'
import { matchesGlob } from './glob.ts'

/** The characters of session names (STS AssumeRole, RoleSessionName), and wildcards. */
const SESSION_NAME_PATTERN = /^[\w+=,.@*?-]{1,64}$/
/** A unique id of IAM, or the `<account>:<name>` of a federated user. */
const PRINCIPAL_ID = /^[\w:+=,.@-]{1,128}$/

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

export function conditionsOf(principalId: string | null, sessionNames: readonly string[] | null): Conditions | null {
  return principalId === null && sessionNames === null ? null : { principalId, sessionNames }
}

/**
 * Returns whether an unknown key was probably meant as a condition. Ignoring a condition would grant access to more identities than intended.
 */
export function looksLikeCondition(key: string): boolean {
  return /^(?:principal|session)/i.test(key) || didYouMean(key, ['principalid', 'sessionnames']) !== ''
}

/** Reads `principalid` and `sessionnames`. An empty one is an error, because it must not count as absent. */
export function parseConditions(document: LocatedDocument, fields: Fields, isRole: boolean): Conditions | null {
  const idField = fields.get('principalid')
  const namesField = fields.get('sessionnames')
  const principalId = idField === undefined ? null : document.string(idField)
  const idFault = principalId === null ? null : principalIdFault(principalId, isRole)
  if (idField !== undefined && idFault !== null) document.error(idField, idFault)
  if (namesField === undefined) return conditionsOf(principalId, null)
  const items = document.isList(namesField) ? (document.items(namesField) ?? []) : [namesField]
  const patterns = items.map((item) => document.string(item)).filter((pattern) => pattern !== null)
  const namesFault = sessionNamesFault(patterns, isRole)
  // A pattern that is not a string is reported already.
  if (namesFault !== null && patterns.length === items.length) document.error(namesField, namesFault)
  return conditionsOf(principalId, patterns)
}

/** The condition of an entry that an identity does not meet; null if it meets all of them. */
export function conditionThatFails(
  conditions: Conditions | null,
  { userId, sessionName }: Pick<Identity, 'userId' | 'sessionName'>,
): 'principal_id' | 'session_name' | null {
  if (conditions === null) return null
  const { principalId, sessionNames } = conditions
  if (principalId !== null && principalId !== userId) return 'principal_id'
  const matches = sessionNames?.some((pattern) => matchesGlob(pattern, sessionName)) ?? true
  return matches ? null : 'session_name'
}

/** Returns whether every identity that meets the second conditions also meets the first. False if a comparison of the texts can't tell. */
export function covers(first: Conditions | null, second: Conditions | null): boolean {
  if (first === null) return true
  if (first.principalId !== null && first.principalId !== second?.principalId) return false
  const { sessionNames } = first
  if (sessionNames === null || sessionNames.includes('*')) return true
  return second?.sessionNames?.every((pattern) => sessionNames.includes(pattern)) ?? false
}
