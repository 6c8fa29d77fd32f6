import { checkSync } from 'recheck'
import type { FoundRegexp } from './find-regexps.ts'

// Use the pure JavaScript checker on every platform.
process.env['RECHECK_BACKEND'] = 'pure'

/** Time that one pattern may take, in milliseconds. All patterns that pass take less than two seconds. */
const TIMEOUT_MS = 30_000

/** Limits that count steps instead of time, so that the result does not depend on the machine's load. */
const STEADY = { attackTimeout: null, incubationTimeout: null, timeout: TIMEOUT_MS }

/** Returns true if a pattern has at most one quantifier besides `?`, and that one is bounded: it takes linear time. */
function isBounded(pattern: string): boolean {
  const quantifiers = pattern.replaceAll(/\\.|\[(?:\\.|[^\\[\]])*\]/gs, '').match(/[*+{]/g) ?? []
  return quantifiers.length === 0 || (quantifiers.length === 1 && /\{\d+(?:,\d+)?\}/.test(pattern))
}

/** Returns the fault of a regular expression; null if it takes linear time for every input. */
export function faultOf({ pattern, flags }: Pick<FoundRegexp, 'pattern' | 'flags'>): string | null {
  if (pattern === null) return 'is built while the program runs: write a literal, or scan in a loop'
  if (isBounded(pattern)) return null
  const checked = checkSync(pattern, flags, STEADY)
  if (checked.status === 'safe') return null
  if (checked.status === 'unknown')
    return `can't be decided (${checked.error.kind}): write a simpler one, or scan in a loop`
  return `takes ${checked.complexity.summary} time: attack it with ${checked.attack.pattern}`
}
