import t from 'tap'
import { removeMapping, type Removal } from '../../src/edit/remove-mapping.ts'

const A = 'arn:aws:iam::123456789012:role/A'
const B = 'arn:aws:iam::123456789012:role/B'
const removal: Removal = { kind: 'role', principal: { rolearn: A } }

function role(arn: string, indent = ''): string {
  return `${indent}- rolearn: ${arn}\n${indent}  username: u\n${indent}  groups:\n${indent}  - g\n`
}

t.test('the lines of an entry are removed, and everything else stays byte for byte', (t) => {
  const rows: readonly (readonly [name: string, before: string, after: string])[] = [
    ['the only entry', role(A), ''],
    ['the first', role(A) + role(B), role(B)],
    ['the last, without a line break', role(B) + role(A).trimEnd(), role(B)],
    ['comments around it', `# one\n${role(A)}# two\n${role(B)}# three\n`, `# one\n# two\n${role(B)}# three\n`],
    ['comments in it', `- rolearn: ${A} # a\n  # b\n  username: u # c\n${role(B)}`, role(B)],
    ['an indented list', role(A, '  ') + role(B, '  '), role(B, '  ')],
    ['its dash on a line of its own', `-\n  rolearn: ${A}\n  username: u\n${role(B)}`, role(B)],
    ['a block scalar at its end', `- rolearn: ${A}\n  username: |\n    u\n${role(B)}`, role(B)],
    ['CRLF', `${role(A)}${role(B)}`.replaceAll('\n', '\r\n'), role(B).replaceAll('\n', '\r\n')],
    ['another letter case', role(A.toLowerCase()) + role(B), role(B)],
    ['duplicates', role(A) + role(B) + role(A.toLowerCase()), role(B)],
    ['one line', `[{rolearn: "${A}"}, {rolearn: "${B}"}] # c\n`, `[{rolearn: "${B}"}] # c\n`],
    ['the last of one line', `[{rolearn: "${B}"}, {rolearn: "${A}"}] # c\n`, `[{rolearn: "${B}"}] # c\n`],
    ['the only one of one line', `[{rolearn: "${A}"}]\n`, `[]\n`],
    ['JSON', `[\n  {"rolearn": "${A}"},\n  {"rolearn": "${B}"}\n]`, `[\n  {"rolearn": "${B}"}\n]`],
    ['a bad entry beside it', `- rolearn: typo\n${role(A)}`, '- rolearn: typo\n'],
  ]
  for (const [name, mapRoles, after] of rows) {
    const data = { mapRoles, mapUsers: '[]', other: 'x' }
    t.strictSame(removeMapping(data, removal).data, { ...data, mapRoles: after }, name)
  }
  t.end()
})

t.test('each removed entry is named', (t) => {
  const { removed } = removeMapping({ mapRoles: role(A) + role(B) + role(A.toLowerCase()) }, removal)
  t.match(removed, [
    { path: 'mapRoles[0]', principal: A },
    { path: 'mapRoles[2]', principal: A.toLowerCase() },
  ])
  t.equal(removed.length, 2)
  t.end()
})

t.test('the entry of a permission set, and of a user', (t) => {
  const sso = { permissionSetName: 'Admin', accountID: '123456789012' }
  const mapRoles = `- sso: {permissionSetName: admin, accountID: "123456789012"}\n  username: a\n${role(B)}`
  t.equal(removeMapping({ mapRoles }, { kind: 'role', principal: { sso } }).data['mapRoles'], role(B))
  const userarn = 'arn:aws:iam::123456789012:user/alice'
  const mapUsers = `- userarn: ${userarn}\n  username: a\n`
  t.equal(removeMapping({ mapUsers }, { kind: 'user', principal: { userarn } }).data['mapUsers'], '')
  t.end()
})

t.test('nothing is removed', (t) => {
  const missing = { code: 'mapping_not_found' }
  t.throws(() => removeMapping({}, removal), missing)
  t.throws(() => removeMapping({ mapRoles: role(B) }, removal), missing)
  t.throws(() => removeMapping({ mapRoles: role(A.replace('/A', '/team/A')) }, removal), {
    ...missing,
    message: /mapRoles\[0\], line 1, is for arn:aws:iam::123456789012:role\/team\/A: give that ARN/,
  })
  const invalid = { code: 'invalid_configuration' }
  t.throws(() => removeMapping({ mapRoles: '- [' }, removal), invalid)
  // Other entries would change or be lost.
  const anchored = `- &a\n  rolearn: ${A}\n  username: u\n- <<: *a\n  rolearn: ${B}\n`
  t.throws(() => removeMapping({ mapRoles: anchored }, removal), {
    ...invalid,
    message: /kubectl edit[^]*mapRoles\[0\]/,
  })
  t.end()
})
