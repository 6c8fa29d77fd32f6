import { addMapping, type NewMapping } from '@aws-iam-authenticator/core/edit/add-mapping'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import * as fc from 'fast-check'
import { test } from 'tap'

const NOTHING = { roles: [], users: [], accounts: [] }
const mapping: NewMapping = {
  kind: 'role',
  fields: { rolearn: 'arn:aws:iam::123456789012:role/New', username: '{{SessionName}}', groups: ['a', 'yes'] },
}

const piece = fc.oneof(
  fc.constantFrom(
    '- ',
    '\n',
    '\n  ',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    ': ',
    '"',
    "'",
    '# c\n',
    '|\n',
    '>-\n',
    '\r\n',
    '\t',
  ),
  fc.constantFrom('&a ', '*a', '<<: *a', '---\n', '...\n', '? ', '!!str ', 'null', '[]', '""', '``', '\ufeff'),
  fc.constantFrom(
    'rolearn: ',
    'username: ',
    'groups:\n',
    'arn:aws:iam::123456789012:role/A',
    '- rolearn: arn:aws:iam::123456789012:role/B\n',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const noise = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
const B = 'rolearn: arn:aws:iam::123456789012:role/B'
const list = fc.constantFrom(
  `- ${B}\n  username: b\n`,
  `  - ${B}\n    groups:\n    - g\n    username: |+\n      b\n\n`,
  `[{${B}, username: b}]`,
  `[\n  {${B}},\n  {username: b} # c\n]`,
  `- &a {${B}}\n- <<: *a\n  username: b`,
)
const text = fc.oneof(
  noise,
  fc.tuple(noise, list).map((parts) => parts.join('')),
  fc.tuple(list, noise).map((parts) => parts.join('')),
)

/** True if one text equals the other with one insertion. */
function isInserted(before: string, after: string): boolean {
  let start = 0
  while (start < before.length && before[start] === after[start]) start += 1
  return after.endsWith(before.slice(start))
}

void test('an entry is added to any text once and without damage, or not at all', (t) => {
  let added = 0
  fc.assert(
    fc.property(text, (mapRoles) => {
      const before = parseAwsAuth({ mapRoles }, NOTHING, { sso: true })
      let after: Readonly<Record<string, unknown>>
      try {
        after = addMapping({ mapRoles, other: mapRoles }, mapping).data
      } catch (error) {
        return error instanceof AuthenticatorError
      }
      const { mapRoles: changed, other } = after
      if (typeof changed !== 'string') return false
      const read = parseAwsAuth({ mapRoles: changed }, NOTHING, { sso: true })
      added += before.roles.length > 0 ? 1 : 0
      const keys = (lists: typeof read): unknown =>
        JSON.stringify(lists.roles.map(({ key, username }) => [key, username]))
      const kept = { ...read, roles: read.roles.slice(0, -1) }
      return (
        other === mapRoles &&
        read.roles.at(-1)?.username === '{{SessionName}}' &&
        keys(kept) === keys(before) &&
        (isInserted(mapRoles, changed) || before.roles.length === 0)
      )
    }),
    { seed: 20_260_401, numRuns: 1500 },
  )
  t.ok(added > 100, `to ${added} lists with entries`)
  t.end()
})
