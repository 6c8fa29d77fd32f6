import { test } from 'tap'
import { matchesGlob } from '../../src/mapping/glob.ts'

void test('texts that a pattern matches', async (t) => {
  for (const [pattern, fits, not] of [
    ['', [''], ['a']],
    ['ci-*', ['ci-', 'ci-a', 'ci-a-b'], ['ci', 'CI-a', 'xci-a', 'ci-a/b', 'ci-/']],
    ['*', ['', 'a', 'a.b'], ['a/b', '/']],
    ['?', ['a', '.'], ['', 'ab', '/']],
    ['dev/*', ['dev/', 'dev/alice'], ['dev', 'dev/x/alice', 'dev2/alice']],
    ['*/*', ['a/b', '/'], ['a', 'a/b/c']],
    ['a*b*c', ['abc', 'a1b2c', 'abbc', 'abcbc'], ['ab', 'acb', 'a/b/c']],
    ['*ab?d', ['abcd', 'ababcd', 'abxdabcd'], ['abd', 'abcde']],
    ['a.c', ['a.c'], ['abc']],
    ['(a+)+$', ['(a+)+$'], ['aaa']],
  ] as const) {
    for (const text of fits) t.ok(matchesGlob(pattern, text), `${pattern} ${text}`)
    for (const text of not) t.notOk(matchesGlob(pattern, text), `${pattern} ${text}`)
  }
})

void test('a pattern designed to be slow is fast', async (t) => {
  const text = 'a'.repeat(2_000)
  t.notOk(matchesGlob(`${'*a'.repeat(300)}b`, text))
  t.ok(matchesGlob('*a'.repeat(300), text))
})
