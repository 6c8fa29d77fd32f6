import { didYouMean } from '../document/did-you-mean.ts'
import { isRecord, property, textAt } from '../untrusted.ts'
import {
  givenConditions,
  looksLikeCondition,
  NEVER_WITH_JWT,
  principalIdFault,
  sessionNamesFault,
} from './conditions.ts'
import type { Conditions, JwtConditions, MappingEntry, TagCondition } from './entry.ts'
import {
  JWT_CONDITION_NAMES,
  orgIdFault,
  ouPathFault,
  sourceIdentityFault,
  tagCountFault,
  tagFault,
} from './jwt-conditions.ts'
import { parseArn, parsePattern } from './parse-arn.ts'
import type { EntryGates, ParsedKey } from './parse-key.ts'
import { unknownPlaceholders } from './template.ts'

/** A parsed IAMIdentityMapping. */
export interface ParsedIdentityMapping {
  readonly entry: MappingEntry | null
  /** Errors that reject the object. */
  readonly errors: readonly string[]
  /** Problems that do not reject the object. */
  readonly warnings: readonly string[]
}

/** Feature gates for IAMIdentityMappings. */
export type IdentityMappingGates = Pick<EntryGates, 'rolePaths'>

type Spec = Readonly<Record<string, unknown>>

/** The problems found so far. */
interface Findings {
  readonly errors: string[]
  readonly warnings: string[]
}

/** The keys of the spec of an IAMIdentityMapping. */
export const IDENTITY_MAPPING_KEYS: readonly string[] = [
  'arn',
  'arnLike',
  'username',
  'groups',
  'principalId',
  'sessionNames',
  ...JWT_CONDITION_NAMES,
]

function textList(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null
}

function isGiven(spec: Spec, name: string): boolean {
  return property(spec, name) !== undefined
}

function parseKey(spec: Spec, rolePaths: boolean, { errors, warnings }: Findings): ParsedKey | null {
  const [arn, like] = [textAt(spec, 'arn'), textAt(spec, 'arnLike')]
  if (isGiven(spec, 'arn') && isGiven(spec, 'arnLike')) errors.push('spec: has both arn and arnLike: keep one')
  else if (like !== undefined) {
    const kind = /:user\//i.test(like) ? 'user' : 'role'
    const parsed = parsePattern(like, kind)
    if (parsed.fault === null) {
      const { prefix, glob } = parsed
      return { key: { type: 'like', prefix, glob }, principal: like, isRole: kind === 'role' }
    }
    errors.push(`spec.arnLike: ${parsed.fault}`)
  } else if (isGiven(spec, 'arnLike')) errors.push('spec.arnLike: must be a string')
  else if (arn === undefined) errors.push('spec.arn: must be a string')
  else {
    const parsed = parseArn(arn, { kind: 'role', sessionArns: true, rolePaths })
    if (parsed.fault === null) {
      if (parsed.oddity !== null) warnings.push(`spec.arn: ${parsed.oddity}`)
      return { key: { type: 'arn', arn: parsed.arn }, principal: parsed.written, isRole: parsed.kind === 'role' }
    }
    errors.push(`spec.arn: ${parsed.fault}`)
  }
  return null
}

/** Reads a list. Null, with an error, if it is not a valid list of strings; null without an error if it is not given. */
function parseList(
  spec: Spec,
  name: string,
  { errors }: Findings,
  faultOf: (texts: readonly string[]) => string | null,
): readonly string[] | null {
  if (!isGiven(spec, name)) return null
  const texts = textList(property(spec, name))
  const fault = texts === null ? 'must be a list of strings' : faultOf(texts)
  if (fault !== null) errors.push(`spec.${name}: ${fault}`)
  return texts
}

/** Reads a string in the same way as {@link parseList}. */
function parseText(
  spec: Spec,
  name: string,
  { errors }: Findings,
  faultOf: (text: string) => string | null,
): string | null {
  if (!isGiven(spec, name)) return null
  const text = textAt(spec, name) ?? null
  const fault = text === null ? 'must be a string' : faultOf(text)
  if (fault !== null) errors.push(`spec.${name}: ${fault}`)
  return text
}

function parseTags(spec: Spec, { errors }: Findings): readonly TagCondition[] | null {
  const given = property(spec, 'principalTags')
  if (given === undefined) return null
  const countFault = isRecord(given) ? tagCountFault(Object.keys(given).length) : 'must be a map of lists of strings'
  if (!isRecord(given) || countFault !== null) {
    errors.push(`spec.principalTags: ${countFault}`)
    return []
  }
  return Object.entries(given).flatMap(([key, value]) => {
    const values = textList(value)
    const fault = values === null ? 'must be a list of strings' : tagFault({ key, values })
    const place = /^\w+$/.test(key) ? `spec.principalTags.${key}:` : `spec.principalTags: "${key.slice(0, 80)}":`
    if (fault !== null) errors.push(`${place} ${fault}`)
    return values === null ? [] : [{ key, values }]
  })
}

/** Reads the conditions that only a JWT can meet. */
function parseJwtConditions(spec: Spec, isRole: boolean, findings: Findings): JwtConditions {
  return {
    principalTags: parseTags(spec, findings),
    orgId: parseText(spec, 'orgId', findings, orgIdFault),
    ouPaths: parseList(spec, 'ouPath', findings, ouPathFault),
    sourceIdentities: parseList(spec, 'sourceIdentity', findings, (texts) => sourceIdentityFault(texts, isRole)),
  }
}

/** Reads the conditions. An invalid condition is an error, because it must not count as absent. */
function parseConditions(spec: Spec, isRole: boolean, findings: Findings): Conditions | null {
  const principalId = parseText(spec, 'principalId', findings, (text) => principalIdFault(text, isRole))
  const sessionNames = parseList(spec, 'sessionNames', findings, (texts) => sessionNamesFault(texts, isRole))
  const jwt = parseJwtConditions(spec, isRole, findings)
  const isForJwts = JWT_CONDITION_NAMES.some((name) => isGiven(spec, name))
  for (const name of isForJwts ? ['principalId', 'sessionNames'] : []) {
    if (isGiven(spec, name)) findings.errors.push(`spec.${name}: ${NEVER_WITH_JWT}`)
  }
  for (const name of Object.keys(spec)) {
    if (IDENTITY_MAPPING_KEYS.includes(name) || !looksLikeCondition(name)) continue
    findings.errors.push(`spec.${name}: is not a known field${didYouMean(name, IDENTITY_MAPPING_KEYS)}`)
  }
  return givenConditions({ principalId, sessionNames, ...jwt })
}

/**
 * Reads a custom resource IAMIdentityMapping (iamauthenticator.k8s.aws/v1alpha1). Only `spec` decides which principal it names. `status` is
 * informational: write access to it must not be enough to change a mapping.
 */
export function parseIdentityMapping(
  object: unknown,
  name: string,
  { rolePaths = false }: IdentityMappingGates = {},
): ParsedIdentityMapping {
  const spec = property(object, 'spec')
  if (!isRecord(spec)) return { entry: null, errors: ['has no spec'], warnings: [] }
  const errors: string[] = []
  const warnings: string[] = []
  const parsed = parseKey(spec, rolePaths, { errors, warnings })
  const conditions = parseConditions(spec, parsed?.isRole ?? true, { errors, warnings })
  const username = textAt(spec, 'username')
  if (username === undefined) errors.push('spec.username: must be a string')
  const written = property(spec, 'groups') ?? []
  const groups = textList(written)
  if (groups === null) errors.push('spec.groups: must be a list of strings')
  if (parsed === null || username === undefined || groups === null || errors.length > 0) {
    return { entry: null, errors, warnings: [] }
  }
  warnings.push(...[username, ...groups].flatMap((template) => unknownPlaceholders(template)))
  if (username === '') warnings.push('spec.username: is empty: an identity that matches gets an empty one')
  const path = `IAMIdentityMapping ${name}`
  const location = { source: path, line: 1, column: 1 }
  const { key, principal } = parsed
  return { entry: { key, principal, conditions, username, groups, userId: '', location, path }, errors, warnings }
}
