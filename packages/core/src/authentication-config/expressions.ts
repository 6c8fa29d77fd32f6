import type { Candidate } from './candidate.ts'
import { AWS, bind, literal, literals, when } from './cel.ts'
import { fillExpression, type JwtPlaceholder } from './jwt-placeholder.ts'
import type { Scope, Scopes } from './scopes.ts'

/** The canonical ARN: without the path of a role. */
export const CANONICAL =
  "(claims.sub.find('^[^/]*/').endsWith(':role/') ? claims.sub.find('^[^/]*/') + claims.sub.find('[^/]*$') : string(claims.sub))"

/** The key of a permission set in the table, from the canonical ARN in lower case. */
const PERMISSION_SET = "(arn.find('^[^/]*/[^/]*_') + '*')"

/** A value that an expression reads from the mappings. */
interface Value {
  /** A literal for the table; null if the value is not known before the login. */
  readonly known: (candidate: Candidate) => string | null
  readonly expression: (candidate: Candidate) => string
  /** A literal: the value of a JWT without an entry. */
  readonly none: string
}

const USERNAME: Value = {
  known: ({ username }) => (username === null ? null : literal(username)),
  expression: ({ usernameExpression }) => usernameExpression,
  none: literal(''),
}

const GROUPS: Value = {
  known: ({ groups }) => literals(groups),
  expression: ({ groups }) => literals(groups),
  none: '[]',
}

/** Whether the first candidate is for all JWTs of the scope, with a value that is known before the login. Both expressions must agree on it. */
function isInTable({ candidates: [first] }: Scope): boolean {
  return first !== undefined && first.conditions.length === 0 && first.username !== null
}

function rules({ candidates }: Scope, key: string, { expression }: Value): readonly string[] {
  return candidates.map((candidate) => when([key, ...candidate.conditions].join(' && '), expression(candidate)))
}

/** One item for each scope with conditions. */
function conditional(scopes: readonly Scope[], value: Value, keyOf: (key: string) => string): readonly string[] {
  return scopes.filter((scope) => !isInTable(scope)).flatMap((scope) => rules(scope, keyOf(scope.key), value))
}

/** An expression for the value of the first candidate whose conditions a JWT meets. */
function lookUp({ arns, permissionSets, accounts }: Scopes, value: Value): string {
  const rows = [...arns, ...permissionSets].filter(isInTable).flatMap(({ key, candidates: [first] }) => {
    const known = first === undefined ? null : value.known(first)
    return known === null ? [] : [`  ${literal(key)}: ${known},\n`]
  })
  const items = [
    ...conditional(arns, value, (key) => `arn == ${literal(key)}`),
    ...(arns.some(isInTable) ? ['?users[?arn]'] : []),
    ...conditional(permissionSets, value, (key) => `${PERMISSION_SET} == ${literal(key)}`),
    ...(permissionSets.some(isInTable) ? [`?users[?${PERMISSION_SET}]`] : []),
    ...conditional(accounts, value, (key) => `aws.aws_account == ${literal(key)}`),
  ]
  // The value of no candidate is the last one, so that the list is never empty.
  const first = `([\n${items.map((item) => `  ${item},\n`).join('')}] + [${value.none}])[0]`
  const inTable = rows.length === 0 ? first : bind('users', `{\n${rows.join('')}}`, first)
  return bind('canonical', CANONICAL, bind('arn', 'canonical.lowerAscii()', inTable))
}

/** Binds `values`: what each placeholder stands for. */
function withValues(placeholders: readonly JwtPlaceholder[], body: string): string {
  const values = placeholders.map(({ text, value }) => `  ${literal(text)}: ${value},\n`)
  return placeholders.length === 0 ? body : bind('values', `{\n${values.join('')}}`, body)
}

/** An expression for the username. It is empty, which the API server refuses, if a JWT has no entry, or no value for a placeholder. */
export function usernameMapping(scopes: Scopes, placeholders: readonly JwtPlaceholder[]): string {
  const found = lookUp(scopes, USERNAME)
  if (placeholders.length === 0) return bind('aws', AWS, found)
  const checked = bind('u', fillExpression('u', placeholders), "values.exists(name, u.contains(name)) ? '' : u")
  return bind('aws', AWS, withValues(placeholders, bind('u', found, checked)))
}

/** An expression for the groups. A placeholder without a value stays, and a rule refuses it. */
export function groupsMapping(scopes: Scopes, placeholders: readonly JwtPlaceholder[]): string {
  const found = lookUp(scopes, GROUPS)
  if (placeholders.length === 0) return bind('aws', AWS, found)
  return bind('aws', AWS, withValues(placeholders, `${found}.map(g, ${fillExpression('g', placeholders)})`))
}
