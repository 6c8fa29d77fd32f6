import { didYouMean } from '../document/did-you-mean.ts'
import type { Fields, LocatedDocument } from '../document/located-document.ts'
import type { Identity } from '../identity/caller-identity.ts'
import type { Conditions } from './entry.ts'
import { matchesGlob } from './glob.ts'

/** What names of sessions are made of (STS AssumeRole, RoleSessionName), and the signs of patterns. */
const SESSION_NAME_PATTERN = /^[\w+=,.@*?-]{1,64}$/
/** Unique ids of IAM, and the `<account>:<name>` of federated users. */
const PRINCIPAL_ID = /^[\w:+=,.@-]{1,128}$/

/** Why a text can't be the `principalid` of an entry, as the end of a sentence about the field; null where it can. */
export function principalIdFault(text: string, isRole: boolean): string | null {
  if (!PRINCIPAL_ID.test(text)) return `"${text}" is no unique id: write one such as AROA… or AIDA…`
  // The user id of a session, as STS and CloudTrail show it.
  if (isRole && text.includes(':')) return `"${text}" has the name of a session: write what stands before the colon`
  return null
}

/** Why a list can't be the `sessionnames` of an entry; null where it can. */
export function sessionNamesFault(patterns: readonly string[], isRole: boolean): string | null {
  if (!isRole) return 'is for sessions of roles alone: no one else has the name of a session'
  if (patterns.length === 0) return 'is an empty list, which nobody fits: name patterns, or remove the key'
  const bad = patterns.find((pattern) => !SESSION_NAME_PATTERN.test(pattern))
  if (bad === undefined) return null
  return `"${bad.slice(0, 80)}" fits no name of a session: write up to 64 letters, digits and +=,.@-_, with * and ? as wildcards`
}

export function conditionsOf(principalId: string | null, sessionNames: readonly string[] | null): Conditions | null {
  return principalId === null && sessionNames === null ? null : { principalId, sessionNames }
}

/**
 * Whether a key that is not known was probably meant as a condition. What narrows an entry must not get lost: without it, the
 * entry would be for more people than its writer wanted.
 */
export function looksLikeCondition(key: string): boolean {
  return /^(?:principal|session)/i.test(key) || didYouMean(key, ['principalid', 'sessionnames']) !== ''
}

/** Reads `principalid` and `sessionnames`. One that is there and empty is an error: it must not count as no condition. */
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
  // A pattern that is no string has been told of.
  if (namesFault !== null && patterns.length === items.length) document.error(namesField, namesFault)
  return conditionsOf(principalId, patterns)
}

/** Why an identity does not fit the conditions of an entry whose key fits it; null where it does. */
export function conditionThatFails(
  conditions: Conditions | null,
  { userId, sessionName }: Pick<Identity, 'userId' | 'sessionName'>,
): 'principal_id' | 'session_name' | null {
  if (conditions === null) return null
  const { principalId, sessionNames } = conditions
  if (principalId !== null && principalId !== userId) return 'principal_id'
  const fits = sessionNames?.some((pattern) => matchesGlob(pattern, sessionName)) ?? true
  return fits ? null : 'session_name'
}

/** Whether whoever fits the second also fits the first. False where that takes more than a comparison to tell. */
export function covers(first: Conditions | null, second: Conditions | null): boolean {
  if (first === null) return true
  if (first.principalId !== null && first.principalId !== second?.principalId) return false
  const { sessionNames } = first
  if (sessionNames === null || sessionNames.includes('*')) return true
  return second?.sessionNames?.every((pattern) => sessionNames.includes(pattern)) ?? false
}
