import { stripTypeScriptTypes } from 'node:module'
import { parse, type Expression, type SpreadElement } from 'acorn'
import { simple } from 'acorn-walk'

/** A regular expression in a source file. */
export interface FoundRegexp {
  readonly line: number
  /** Null if it is built at run time. */
  readonly pattern: string | null
  readonly flags: string
  /** The source text of the expression. */
  readonly text: string
}

type Argument = Expression | SpreadElement | undefined

/** The value of a string literal; null for any other expression. */
function stringOf(argument: Argument): string | null {
  if (argument?.type === 'Literal' && typeof argument.value === 'string') return argument.value
  if (argument?.type !== 'TemplateLiteral' || argument.expressions.length > 0) return null
  return argument.quasis[0]?.value.cooked ?? null
}

/** String methods that convert a string argument to a regular expression. */
const PATTERN_METHODS = new Set(['match', 'matchAll', 'search'])

/** Finds regular expressions in a TypeScript file: literals, calls of `RegExp` and strings used as patterns. */
export function findRegexps(source: string): readonly FoundRegexp[] {
  const found: FoundRegexp[] = []
  // Types become spaces, so line numbers stay the same.
  const code = stripTypeScriptTypes(source)
  const add = (node: { readonly start: number; readonly end: number }, pattern: string | null, flags: string): void => {
    const line = code.slice(0, node.start).split('\n').length
    found.push({ line, pattern, flags, text: code.slice(node.start, node.end) })
  }
  const visitCall = (node: {
    readonly start: number
    readonly end: number
    readonly callee: { readonly type: string; readonly name?: string }
    readonly arguments: readonly (Expression | SpreadElement)[]
  }): void => {
    const [pattern, flags] = node.arguments
    // The visitor of literals finds a literal argument.
    if (node.callee.name !== 'RegExp' || (pattern?.type === 'Literal' && pattern.value instanceof RegExp)) return
    const written = flags === undefined ? '' : stringOf(flags)
    add(node, written === null ? null : stringOf(pattern), written ?? '')
  }
  simple(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), {
    Literal: (node) => {
      if (node.regex !== undefined && node.regex !== null) add(node, node.regex.pattern, node.regex.flags)
    },
    NewExpression: (node) => visitCall(node),
    CallExpression: (node) => {
      visitCall(node)
      const { callee } = node
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
      const pattern = PATTERN_METHODS.has(callee.property.name) ? stringOf(node.arguments[0]) : null
      if (pattern !== null) add(node, pattern, callee.property.name === 'matchAll' ? 'g' : '')
    },
  })
  return found.toSorted((a, b) => a.line - b.line)
}
