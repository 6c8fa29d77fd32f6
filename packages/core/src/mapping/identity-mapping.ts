import { isRecord, property, textAt } from '../untrusted.ts'
import type { MappingEntry } from './entry.ts'
import { parseArn } from './parse-arn.ts'
import { unknownPlaceholders } from './template.ts'

/** One IAMIdentityMapping, read: its entry with the canonical ARN, or null, and what is wrong with it. */
export interface ParsedIdentityMapping {
  readonly entry: (MappingEntry & { readonly key: { readonly type: 'arn'; readonly arn: string } }) | null
  /** Why there is no entry. */
  readonly errors: readonly string[]
  /** What is odd about it, and no obstacle. */
  readonly warnings: readonly string[]
}

function textList(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return []
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null
}

/**
 * Reads a custom resource IAMIdentityMapping (iamauthenticator.k8s.aws/v1alpha1). Whom it is for follows from `spec.arn` alone:
 * `status` is for people to look at, and whoever may write it must not be able to move a mapping.
 */
export function parseIdentityMapping(object: unknown, name: string): ParsedIdentityMapping {
  const spec = property(object, 'spec')
  if (!isRecord(spec)) return { entry: null, errors: ['has no spec'], warnings: [] }
  const errors: string[] = []
  const arn = textAt(spec, 'arn')
  const { arn: canonicalArn, fault } = parseArn(arn ?? '', { kind: 'role', sessionArns: true })
  if (arn === undefined) errors.push('spec.arn: must be a string')
  else if (fault !== null) errors.push(`spec.arn: ${fault}`)
  const username = textAt(spec, 'username')
  if (username === undefined) errors.push('spec.username: must be a string')
  const groups = textList(property(spec, 'groups'))
  if (groups === null) errors.push('spec.groups: must be a list of strings')
  if (canonicalArn === null || username === undefined || groups === null || errors.length > 0) {
    return { entry: null, errors, warnings: [] }
  }
  const warnings = [username, ...groups].flatMap((template) => unknownPlaceholders(template))
  if (username === '') warnings.push('spec.username: is empty: whoever matches it gets an empty one')
  const path = `IAMIdentityMapping ${name}`
  const location = { source: path, line: 1, column: 1 }
  return {
    entry: { key: { type: 'arn', arn: canonicalArn }, username, groups, userId: '', location, path },
    errors,
    warnings,
  }
}
