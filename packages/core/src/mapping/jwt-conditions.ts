import type { Field, Fields, LocatedDocument } from '../document/located-document.ts'
import type { WebIdentity } from '../identity/web-identity.ts'
import type { JwtConditions, TagCondition } from './entry.ts'
import { matchesGlob } from './glob.ts'

/** The conditions that only AWS-signed JWTs can meet. */
export const JWT_CONDITION_NAMES = ['principalTags', 'orgId', 'ouPath', 'sourceIdentity'] as const

/** The name of a condition that only a JWT can meet. */
export type JwtConditionName = (typeof JWT_CONDITION_NAMES)[number]

// AWS allows this number of tags for a principal.
const MAX_TAGS = 50
const MAX_TEXTS = 100
/** IAM API reference, "Tag". Blanks other than the space are left out. */
const TAG_VALUE = /^[\p{L}\p{N} _.:/=+@-]{1,256}$/u
const TAG_KEY = /^[\p{L}\p{N} _.:/=+@-]{1,128}$/u
const ORG_ID = /^o-[a-z0-9]{10,32}$/
const OU_PATH_PATTERN = /^o-[a-z0-9*?-]{1,34}\/[a-z0-9*?/-]{1,480}$/
/** The characters of source identities (STS AssumeRole, SourceIdentity), and wildcards. */
const SOURCE_IDENTITY_PATTERN = /^[\w+=,.@*?-]{1,64}$/

/** Returns whether a text can be the key of a tag. */
export function isTagKey(text: string): boolean {
  return TAG_KEY.test(text)
}

/** Checks the length of a list. */
function lengthFault({ length }: readonly string[], what: string): string | null {
  if (length === 0) return `is an empty list, which matches no one: name ${what}, or remove the key`
  return length > MAX_TEXTS ? `has ${length} ${what}: write at most ${MAX_TEXTS}` : null
}

/** Checks the number of tags in `principalTags`. Returns the end of a sentence about the field, or null if it is valid. */
export function tagCountFault(count: number): string | null {
  if (count === 0) return 'is empty, which matches no one: name tags, or remove the key'
  return count > MAX_TAGS ? `has ${count} tags: a principal has at most ${MAX_TAGS}` : null
}

/** Checks one tag of `principalTags`. Returns the end of a sentence about the tag, or null if it is valid. */
export function tagFault({ key, values }: TagCondition): string | null {
  if (!isTagKey(key)) {
    return 'is not the key of a tag: write 1 to 128 letters, digits, spaces and _.:/=+@-'
  }
  const bad = values.find((value) => !TAG_VALUE.test(value))
  if (bad === undefined) return lengthFault(values, 'values')
  return `"${bad.slice(0, 80)}" is not the value of a tag: write 1 to 256 letters, digits, spaces and _.:/=+@-, without wildcards`
}

/** Checks the `orgId` of an entry. Returns the end of a sentence about the field, or null if it is valid. */
export function orgIdFault(text: string): string | null {
  return ORG_ID.test(text)
    ? null
    : `"${text.slice(0, 80)}" is not the id of an organization: write one such as o-a1b2c3d4e5`
}

/** Checks the `ouPath` of an entry. Returns the end of a sentence about the field, or null if it is valid. */
export function ouPathFault(patterns: readonly string[]): string | null {
  const bad = patterns.find((pattern) => !OU_PATH_PATTERN.test(pattern))
  if (bad === undefined) return lengthFault(patterns, 'patterns')
  return `"${bad.slice(0, 80)}" is not the path of an organizational unit: write one such as o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/, with * and ? as wildcards`
}

/** Checks the `sourceIdentity` of an entry. Returns the end of a sentence about the field, or null if it is valid. */
export function sourceIdentityFault(patterns: readonly string[], isRole: boolean): string | null {
  if (!isRole) return 'applies to role sessions only: no other identity has a source identity'
  const bad = patterns.find((pattern) => !SOURCE_IDENTITY_PATTERN.test(pattern))
  if (bad === undefined) return lengthFault(patterns, 'patterns')
  return `"${bad.slice(0, 80)}" matches no source identity: write up to 64 letters, digits and +=,.@-_, with * and ? as wildcards`
}

/** A text, or a list of texts. Null, with the problem in the document, if a value is not a text. */
export function parseTexts(document: LocatedDocument, field: Field): readonly string[] | null {
  const items = document.isList(field) ? (document.items(field) ?? []) : [field]
  const texts = items.map((item) => document.string(item)).filter((text) => text !== null)
  return texts.length === items.length ? texts : null
}

/** The texts of a field that is given and valid; otherwise null, with the problem in the document. */
function parseValid(
  document: LocatedDocument,
  field: Field | undefined,
  faultOf: (texts: readonly string[]) => string | null,
): readonly string[] | null {
  const texts = field === undefined ? null : parseTexts(document, field)
  const fault = texts === null ? null : faultOf(texts)
  if (field !== undefined && fault !== null) document.error(field, fault)
  return texts
}

/** Reads `principalTags`. The case of keys matters, so two keys that differ only in case are two tags. */
function parseTags(document: LocatedDocument, field: Field): readonly TagCondition[] {
  if (!document.isMap(field)) {
    document.formError(field, 'must be a map of tags, such as {team: platform}')
    return []
  }
  const pairs = document.pairs(field)
  const countFault = tagCountFault(pairs.length)
  if (countFault !== null) {
    document.error(field, countFault)
    return []
  }
  const tags: TagCondition[] = []
  for (const [key, value] of pairs) {
    const values = parseTexts(document, value)
    if (values === null) continue
    const isTwice = tags.some((tag) => tag.key === key)
    const fault = isTwice ? 'is there twice: remove one of the two' : tagFault({ key, values })
    if (fault !== null) document.error(value, fault)
    tags.push({ key, values })
  }
  return tags
}

/** Reads the conditions that only a JWT can meet. */
export function parseJwtConditions(document: LocatedDocument, fields: Fields, isRole: boolean): JwtConditions {
  const given = (name: JwtConditionName): Field | undefined => fields.get(name.toLowerCase())
  const [tagsField, orgField] = [given('principalTags'), given('orgId')]
  const orgId = orgField === undefined ? null : document.string(orgField)
  const fault = orgId === null ? null : orgIdFault(orgId)
  if (orgField !== undefined && fault !== null) document.error(orgField, fault)
  return {
    principalTags: tagsField === undefined ? null : parseTags(document, tagsField),
    orgId,
    ouPaths: parseValid(document, given('ouPath'), ouPathFault),
    sourceIdentities: parseValid(document, given('sourceIdentity'), (texts) => sourceIdentityFault(texts, isRole)),
  }
}

const FIELDS = {
  principalTags: 'principalTags',
  orgId: 'orgId',
  ouPath: 'ouPaths',
  sourceIdentity: 'sourceIdentities',
} as const satisfies Readonly<Record<JwtConditionName, keyof JwtConditions>>

/** The names of the conditions that only a JWT can meet. */
export function jwtConditionNames(conditions: JwtConditions): readonly JwtConditionName[] {
  return JWT_CONDITION_NAMES.filter((name) => conditions[FIELDS[name]] !== null)
}

/** The key of the first tag that a JWT does not have with one of the values; undefined if it has all of them. */
export function tagThatFails({ principalTags }: JwtConditions, web: WebIdentity): string | undefined {
  return principalTags?.find(({ key, values }) => {
    const value = web.principalTags.get(key)
    return value === undefined || !values.includes(value)
  })?.key
}

/** The condition that a JWT does not meet; null if it meets all of them. A claim that is missing meets no condition. */
export function jwtConditionThatFails(conditions: JwtConditions, web: WebIdentity): JwtConditionName | null {
  const { orgId, ouPaths, sourceIdentities } = conditions
  if (tagThatFails(conditions, web) !== undefined) return 'principalTags'
  if (orgId !== null && orgId !== web.orgId) return 'orgId'
  if (ouPaths !== null && !web.ouPaths.some((path) => ouPaths.some((pattern) => matchesGlob(pattern, path)))) {
    return 'ouPath'
  }
  if (sourceIdentities === null) return null
  const { sourceIdentity: name } = web
  return name !== undefined && sourceIdentities.some((pattern) => matchesGlob(pattern, name)) ? null : 'sourceIdentity'
}

/** Returns whether a list has all texts of another one. */
export function includesAll(texts: readonly string[], others: readonly string[]): boolean {
  // Most lists are short, and each of thousands of entries is compared with others.
  if (texts.length <= 8) return others.every((text) => texts.includes(text))
  const known = new Set(texts)
  return others.every((text) => known.has(text))
}

/** Returns whether each tag of the first conditions is one of the second, with no other values there. */
function coversTags(first: JwtConditions, second: JwtConditions): boolean {
  const { principalTags } = second
  if (first.principalTags === null) return true
  if (principalTags === null) return false
  return first.principalTags.every(({ key, values }, index) => {
    // Entries usually have their tags in the same order.
    const same = principalTags[index]?.key === key ? principalTags[index] : principalTags.find((tag) => tag.key === key)
    return same !== undefined && includesAll(values, same.values)
  })
}

/** Returns whether every JWT that meets the second conditions also meets the first. False if a comparison of the texts can't tell. */
export function coversJwt(first: JwtConditions, second: JwtConditions): boolean {
  const { orgId, ouPaths, sourceIdentities } = first
  if (orgId !== null && orgId !== second.orgId) return false
  if (ouPaths !== null && (second.ouPaths === null || !includesAll(ouPaths, second.ouPaths))) return false
  if (!coversTags(first, second)) return false
  if (sourceIdentities === null) return true
  if (second.sourceIdentities === null) return false
  return sourceIdentities.includes('*') || includesAll(sourceIdentities, second.sourceIdentities)
}
