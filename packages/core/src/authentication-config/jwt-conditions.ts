import type { JwtConditions } from '../mapping/entry.ts'
import { globExpression, literal, literals } from './cel.ts'
import { isEscapedName, tagValue } from './jwt-placeholder.ts'

/** A regular expression that matches what one of the patterns matches. */
function anyGlob(patterns: readonly string[]): string {
  return literal(patterns.map(globExpression).join('|'))
}

/**
 * Expressions over `aws` that are true if a JWT meets the conditions, as `jwtConditionThatFails`. A claim that is missing meets none.
 *
 * @returns The key of a tag instead, if the API server can't read it.
 */
export function conditionExpressions(
  conditions: JwtConditions,
): readonly string[] | { readonly unreadableTag: string } {
  const { principalTags, orgId, ouPaths, sourceIdentities } = conditions
  const expressions: string[] = []
  for (const { key, values } of principalTags ?? []) {
    if (isEscapedName(key)) return { unreadableTag: key }
    // Without the tag the value is empty, and no tag of a condition is.
    expressions.push(`${tagValue(key)} in ${literals(values.filter((value) => value !== ''))}`)
  }
  if (orgId !== null) expressions.push(`aws.?org_id.orValue('') == ${literal(orgId)}`)
  if (ouPaths !== null) {
    const paths = '(type(aws.ou_path) == string ? [aws.ou_path] : aws.ou_path)'
    expressions.push(`'ou_path' in aws && ${paths}.exists(path, path.matches(${anyGlob(ouPaths)}))`)
  }
  if (sourceIdentities !== null) {
    const matches = `string(aws.source_identity).matches(${anyGlob(sourceIdentities)})`
    expressions.push(`'source_identity' in aws && ${matches}`)
  }
  return expressions
}
