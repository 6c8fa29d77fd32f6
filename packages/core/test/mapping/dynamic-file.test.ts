import { parseDynamicFile } from '../../src/mapping/dynamic-file.ts'
import { test } from 'tap'

const ROLE = 'arn:aws:iam::123456789012:role/Admin'
const USER = 'arn:aws:iam::123456789012:user/alice'

const parse = (content: unknown, strict = false) =>
  parseDynamicFile(typeof content === 'string' ? content : JSON.stringify(content), 'map.json', strict)

void test('a complete file, with keys in any case', async (t) => {
  const { file, problems } = parse({
    LastUpdatedDateTime: '1700000000',
    version: '7',
    MapRoles: [{ RoleARN: ROLE, UserName: 'admin', GROUPS: ['a', 'b'], userId: 'AROA' }],
    mapusers: [{ userarn: USER, username: 'alice' }],
    MAPACCOUNTS: ['012345678901'],
  })
  t.same(problems, [])
  t.match(file, {
    version: '7',
    updatedAt: 1_700_000_000,
    roles: [
      { key: { type: 'arn', arn: ROLE.toLowerCase() }, username: 'admin', groups: ['a', 'b'], path: 'MapRoles[0]' },
    ],
    users: [{ key: { type: 'arn', arn: USER } }],
    accounts: ['012345678901'],
  })
})

void test('every field may be absent or null', async (t) => {
  for (const content of [{}, { mapRoles: null, mapUsers: null, mapAccounts: null, Version: null }, { mapRoles: [] }]) {
    const { file, problems } = parse(content)
    t.match(file, { version: '', updatedAt: null, roles: [], users: [], accounts: [] })
    t.same(problems, [])
  }
})

void test('a value of the wrong type, or an entry without its key, rejects the whole file', async (t) => {
  const bad: readonly (readonly [content: unknown, path: string, strict?: boolean])[] = [
    [{ mapRoles: [{ rolearn: ROLE, username: 'a' }, { username: 'b' }] }, 'mapRoles[1]'],
    [{ mapRoles: [{ rolearn: '', username: 'b' }] }, 'mapRoles[0].rolearn'],
    [{ mapRoles: [{ rolearn: ROLE, username: 1 }] }, 'mapRoles[0].username'],
    [{ mapRoles: [{ rolearn: ROLE, username: 'a', groups: 'a,b' }] }, 'mapRoles[0].groups'],
    [{ mapRoles: [{ sso: { permissionSetName: 'A', accountID: '123456789012' } }] }, 'mapRoles[0].sso'],
    [{ mapRoles: [{ sso: { permissionSetName: 'A', accountID: '123456789012' } }] }, 'mapRoles[0].sso', true],
    [{ mapRoles: ['text'] }, 'mapRoles[0]'],
    [{ mapRoles: {} }, 'mapRoles'],
    [{ mapUsers: [{ userid: 'AIDA', username: 'b' }] }, 'mapUsers[0]'],
    [{ mapUsers: [{ userarn: USER, username: 'b' }] }, 'mapUsers[0]', true],
    [{ mapUsers: [{ userid: 'AIDA', userarn: 7, username: 'b' }] }, 'mapUsers[0].userarn', true],
    [{ mapUsers: [{ userid: 7, username: 'b' }] }, 'mapUsers[0].userid', true],
    [{ mapAccounts: [123_456_789_012] }, 'mapAccounts[0]'],
    [{ mapAccounts: '123456789012' }, 'mapAccounts'],
    [{ Version: 7 }, 'Version'],
    [{ LastUpdatedDateTime: 1_700_000_000 }, 'LastUpdatedDateTime'],
    ['{"mapRoles": [], "maproles": []}', 'maproles'],
  ]
  for (const [content, path, strict = false] of bad) {
    const { file, problems } = parse(content, strict)
    const name = JSON.stringify(content)
    t.equal(file, null, name)
    const [error, ...others] = problems.filter(({ severity }) => severity === 'error')
    t.match(error, { path, location: { source: 'map.json', line: 1 } }, name)
    t.same(others, [], name)
  }
})

void test('any other error takes only its entry away', async (t) => {
  const bad: readonly (readonly [entry: object, path: string, strict?: boolean])[] = [
    [{ rolearn: 'Admin', username: 'b' }, 'mapRoles[0].rolearn'],
    [{ rolearn: 'arn:mars:iam::123456789012:role/x', username: 'b' }, 'mapRoles[0].rolearn'],
    [{ rolearn: ROLE, username: 'b', principalid: '' }, 'mapRoles[0].principalid'],
    [{ rolearn: ROLE, username: 'b', sessionname: 'x' }, 'mapRoles[0].sessionname'],
    [{ rolearn: 'Admin', userid: 'AROAX', username: 'b' }, 'mapRoles[0].rolearn', true],
  ]
  for (const [entry, path, strict = false] of bad) {
    const good = { rolearn: ROLE, userid: 'AROA', username: 'a' }
    const { file, problems } = parse({ mapRoles: [entry, good] }, strict)
    t.match(file, { roles: [{ username: 'a', path: 'mapRoles[1]' }] }, path)
    t.equal(file?.roles.length, 1, path)
    t.match(problems, [{ severity: 'error', path }], path)
  }
  const twice = `{"mapRoles": [{"rolearn": "${ROLE}", "username": "a", "username": "b"}]}`
  t.match(parse(twice), { file: { roles: [] }, problems: [{ severity: 'error', path: 'mapRoles[0].username' }] })
  t.match(parse({ mapAccounts: ['12', '123456789012'] }), { file: { accounts: ['123456789012'] } })
  t.match(parse({ mapRoles: [{ rolearn: ROLE, username: 'b', principalid: '' }] }), {
    file: { unusable: [{ wouldMatch: ROLE.toLowerCase(), message: /^principalid: / }] },
  })
})

void test('a document that is not a JSON object is invalid', async (t) => {
  for (const text of ['', ' ', '[]', '"text"', 'null', '7', '{"mapRoles": [', "{'mapRoles': []}", 'mapRoles: []\n']) {
    const { file, problems } = parse(text)
    t.equal(file, null, text)
    t.ok(problems.length > 0, text)
  }
})

void test('an invalid time and an unknown key are warned about', async (t) => {
  for (const time of ['soon', '1.5', '-1', '2024-01-01T00:00:00Z']) {
    t.match(
      parse({ LastUpdatedDateTime: time }),
      { file: { updatedAt: null }, problems: [{ severity: 'warning' }] },
      time,
    )
  }
  t.match(parse({ mapRole: [] }), { file: { roles: [] }, problems: [{ severity: 'warning', message: /mapRoles/ }] })
})

void test('a YAML merge key is an unknown key in JSON', async (t) => {
  const text = JSON.stringify({ mapRoles: [{ rolearn: ROLE, username: 'a', '<<': { groups: ['system:masters'] } }] })
  t.match(parse(text), { file: { roles: [{ groups: [] }] }, problems: [{ severity: 'warning' }] })
})
