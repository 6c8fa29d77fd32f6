import t from 'tap'
import { faultOf } from '../../scripts/lint/check-regexp.ts'
import { findRegexps } from '../../scripts/lint/find-regexps.ts'

t.test('every notation of a regular expression is found, with its line', (t) => {
  const source = String.raw`
type Pattern = RegExp & { readonly name: string }
const a: RegExp = /a+\/b/g, b = x as string
if (/[/]/.test(b)) new RegExp('c+', 'i').exec(b)
b.match('d+'); b.matchAll(${'`e+`'}); b.search("f+"); b.split('g+')
RegExp(b); new RegExp(${'`${b}+`'}); new RegExp(/h/); new RegExp('i', b)
class C { readonly pattern: RegExp = /j/u; async *k(): AsyncGenerator<string> { yield 'l'.replace(/m/, '/n/') } }
`
  t.same(
    findRegexps(source).map(({ line, pattern, flags }) => [line, pattern, flags]),
    [
      [3, String.raw`a+\/b`, 'g'],
      [4, '[/]', ''],
      [4, 'c+', 'i'],
      [5, 'd+', ''],
      [5, 'e+', 'g'],
      [5, 'f+', ''],
      [6, null, ''],
      [6, null, ''],
      [6, 'h', ''],
      [6, null, ''],
      [7, 'j', 'u'],
      [7, 'm', ''],
    ],
  )
  t.end()
})

t.test('patterns that backtrack super-linearly have a fault with an attack string, others have none', (t) => {
  const bad: readonly RegExp[] = [
    /(a+)+$/,
    /^(?:a|a)*$/,
    /\s+$/,
    /^\s*x?\s*$/,
    /a\s*\n\s*b/,
    /--BEGIN[^]*?--END/g,
    /^(?:.*,){2}x/,
    /<!--[^]*?-->/,
  ]
  const good: readonly RegExp[] = [
    /^\s*$/,
    /\s+/g,
    /^[\w-]{1,64}$/,
    /^(?:\d{1,9}(?:ms|s))+$/,
    /[*+{}]/,
    /^[a-z]+(?:-[a-z]+)*$/,
    /^\{[^}]*\}$/s,
    /\p{Cc}/gu,
  ]
  for (const { source, flags } of bad)
    t.match(
      faultOf({ pattern: source, flags }),
      /^takes .*(polynomial|exponential).* attack it with '|^can't be decided/,
      source,
    )
  for (const { source, flags } of good) t.equal(faultOf({ pattern: source, flags }), null, source)
  t.match(faultOf({ pattern: null, flags: '' }), /loop/)
  t.end()
})
