import { matchesGlob } from '@aws-iam-authenticator/core/mapping/glob'
import * as fc from 'fast-check'
import { test } from 'tap'
import { holds } from './holds.ts'

/** The same by exhaustive search: obviously correct, and slow. */
function matchesSlowly(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  const [sign = ''] = pattern
  if (sign === '*' && matchesSlowly(pattern.slice(1), text)) return true
  if (text === '' || (text.startsWith('/') && '*?'.includes(sign))) return false
  if (sign === '*') return matchesSlowly(pattern, text.slice(1))
  return (sign === '?' || text.startsWith(sign)) && matchesSlowly(pattern.slice(1), text.slice(1))
}

void test('it equals an exhaustive search', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 7 })
  holds(
    t,
    fc.property(pattern, text, (glob, name) => matchesGlob(glob, name) === matchesSlowly(glob, name)),
    { seed: 20_261_124, numRuns: 20_000 },
  )
})
