import t from 'tap'
import { addMapping, checkNewMapping, type NewMapping } from '../../src/edit/add-mapping.ts'

function role(name: string, more: NewMapping['fields'] = {}): NewMapping {
  const fields = { rolearn: `arn:aws:iam::123456789012:role/${name}`, username: 'u', groups: ['g'], ...more }
  return { kind: 'role', fields }
}

function sso(permissionSetName: string): NewMapping {
  return {
    kind: 'role',
    fields: { sso: { permissionSetName, accountID: '012345678901' }, username: 'u', groups: ['g'] },
  }
}

const user: NewMapping = {
  kind: 'user',
  fields: { userarn: 'arn:aws:iam::123456789012:user/a', username: 'u', groups: ['g'] },
}

const entry = '- rolearn: arn:aws:iam::123456789012:role/A\n  username: u\n  groups:\n    - g\n'

t.test('an entry is added to its list, and everything else stays', (t) => {
  const data = { mapUsers: '[]', mapAccounts: '- 012345678901', other: 'x' }
  const added = addMapping(data, role('A'))
  t.strictSame(added.data, { ...data, mapRoles: entry })
  const more = addMapping(added.data, role('B'))
  t.equal(more.data['mapRoles'], `${entry}${entry.replace('/A', '/B')}`)
  t.match(addMapping(data, user).data, { mapUsers: /^- userarn/, mapRoles: undefined })
  t.match(addMapping({ mapRoles: '``' }, sso('Admin')).data['mapRoles'], /accountID: "012345678901"/)
  t.end()
})

t.test('a duplicate is rejected in any notation', (t) => {
  const rows: readonly (readonly [data: Readonly<Record<string, unknown>>, mapping: NewMapping, message: RegExp])[] = [
    [
      { mapRoles: entry },
      role('A'),
      /^cannot add duplicate role ARN "arn:aws:iam::123456789012:role\/A": mapRoles\[0\], line 1/,
    ],
    [{ mapRoles: entry.replace('rolearn', 'roleARN').replace('role/A', 'role/a') }, role('A'), /duplicate role ARN/],
    [{ mapUsers: '[{"userarn":"arn:aws:iam::123456789012:user/A"}]' }, user, /duplicate user ARN/],
    [addMapping({}, sso('Admin')).data, sso('Admin'), /duplicate role sso/],
  ]
  for (const [data, mapping, message] of rows)
    t.throws(() => addMapping(data, mapping), { code: 'duplicate_mapping', message })
  t.doesNotThrow(() => addMapping(addMapping({}, sso('Admin')).data, sso('Other')))
  t.end()
})

t.test('unreadable data is left alone', (t) => {
  for (const [key, text] of Object.entries({ mapRoles: '- [', mapUsers: 'x: y', mapAccounts: 'text' })) {
    t.throws(() => addMapping({ [key]: text }, role('A')), { code: 'invalid_configuration', message: /parsed/ }, key)
  }
  const { data, problems } = addMapping({ mapRoles: '- rolearn: typo\n' }, role('A'))
  t.equal(data['mapRoles'], `- rolearn: typo\n${entry}`, 'a bad entry is told of, and stays')
  t.match(problems, [{ severity: 'error', path: 'mapRoles[0].rolearn' }])
  t.throws(() => addMapping({ mapRoles: '- a: b\n...\n' }, role('A')), { message: /kubectl edit/ })
  t.end()
})

t.test('a bad entry is not written', (t) => {
  const rows: readonly (readonly [mapping: NewMapping, path: string])[] = [
    [role('A', { rolearn: 'arn:aws:iam::123456789012:roe/A' }), 'mapRoles[0].rolearn'],
    [role('A', { username: '{{SesionName}}' }), 'mapRoles[0]'],
    [role('A', { roles: 'x' }), 'mapRoles[0].roles'],
    [role('A', { sso: { permissionSetName: 'x', accountID: '012345678901' } }), 'mapRoles[0]'],
    [
      { kind: 'role', fields: { sso: { permissionSetName: 'x', accountID: '1' }, username: 'u' } },
      'mapRoles[0].sso.accountID',
    ],
    [{ kind: 'user', fields: { userarn: '', username: 'u' } }, 'mapUsers[0].userarn'],
  ]
  for (const [mapping, path] of rows) {
    t.match(checkNewMapping(mapping), [{ path }])
    t.throws(() => addMapping({}, mapping), { code: 'invalid_configuration' })
  }
  t.match(checkNewMapping(role('A')), { username: 'u', groups: ['g'] })
  t.end()
})
