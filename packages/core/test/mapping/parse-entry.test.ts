import type { MappingEntry } from '../../src/mapping/entry.ts'
import { test } from 'tap'
import { LocatedDocument } from '../../src/document/located-document.ts'
import { EMPTY_INDEX, findEntry } from '../../src/mapping/mapping-index.ts'
import { parseEntry } from '../../src/mapping/parse-entry.ts'
import type { EntryRules } from '../../src/mapping/parse-key.ts'

const ROLE = 'rolearn: arn:aws:iam::123456789012:role/Admin'

function parse(text: string, rules: Partial<EntryRules> = {}) {
  const document = new LocatedDocument(text, 'x.yaml')
  const all: EntryRules = { kind: 'role', sso: true, sessionArns: false, source: 'dynamic_file', ...rules }
  const parsed = parseEntry(document, document.root, all)
  const entry = parsed === null || parsed.inactive !== null ? null : parsed.entry
  return { entry, errors: document.errorCount, warnings: document.problems.length - document.errorCount }
}

function matches(entry: MappingEntry | null, arn: string): boolean {
  if (entry?.key.type !== 'sso') return false
  const index = { ...EMPTY_INDEX, rolesBySso: new Map([[entry.key.prefix, entry]]) }
  return findEntry(index, { canonicalArn: arn, userId: 'AROA', sessionName: '' }) !== undefined
}

void test('a complete entry, with keys in any case', async (t) => {
  const { entry, errors, warnings } = parse(
    '{RoleARN: "arn:aws:iam::123456789012:role/Admin", UserName: a, GROUPS: [g], UserId: AROA}',
  )
  t.match(entry, {
    key: { type: 'arn', arn: 'arn:aws:iam::123456789012:role/admin' },
    username: 'a',
    groups: ['g'],
    userId: 'AROA',
    location: { source: 'x.yaml', line: 1 },
  })
  t.same([errors, warnings], [0, 0])
})

void test('optional fields', async (t) => {
  t.match(parse(`{${ROLE}, username: a, groups: null}`), { entry: { groups: [], userId: '' }, errors: 0, warnings: 0 })
  t.match(parse(`{${ROLE}}`), { entry: { username: '' }, errors: 0, warnings: 1 })
  t.match(parse('{userarn: "arn:aws:iam::123456789012:user/x", username: a}', { kind: 'user' }), {
    errors: 0,
    warnings: 0,
  })
})

void test('a bad entry is null, with an error', async (t) => {
  for (const text of [
    'text',
    '[]',
    '{}',
    '{username: a}',
    '{userarn: "arn:aws:iam::123456789012:user/x"}',
    '{rolearn: ""}',
    '{rolearn: null}',
    '{rolearn: 1}',
    '{rolearn: Admin}',
    '{rolearn: "arn:aws:iam::123456789012:group/x"}',
    '{rolearn: "arn:mars:iam::123456789012:role/x"}',
    '{rolearn: "arn:aws:sts::123456789012:assumed-role/Admin/alice"}',
    `{${ROLE}, username: 1}`,
    `{${ROLE}, username: {{SessionName}}}`,
    `{${ROLE}, username: [a]}`,
    `{${ROLE}, groups: text}`,
    `{${ROLE}, groups: [a, 1]}`,
    `{${ROLE}, groups: [[a]]}`,
    `{${ROLE}, groups: *nope}`,
    `{${ROLE}, userid: 1}`,
    `{${ROLE}, sso: {permissionSetName: A, accountID: "123456789012"}}`,
  ]) {
    const { entry, errors } = parse(text)
    t.equal(entry, null, text)
    t.ok(errors > 0, text)
  }
})

void test('a duplicate key rejects the entry, because it is ambiguous', async (t) => {
  for (const text of [
    `{${ROLE}, roleARN: "arn:aws:iam::123456789012:role/Other", username: a}`,
    `{${ROLE}, username: a, username: b}`,
    `{${ROLE}, username: a, groups: [a], Groups: [b]}`,
    '{sso: {permissionSetName: A, PERMISSIONSETNAME: B, accountID: "123456789012"}, username: a}',
  ]) {
    t.match(parse(text), { entry: null, errors: 1 }, text)
  }
})

void test('the ARN of a session stands for its role, if allowed', async (t) => {
  const text = '{rolearn: "arn:aws:sts::123456789012:assumed-role/Admin/alice", username: a}'
  t.match(parse(text, { sessionArns: true }), {
    entry: { key: { arn: 'arn:aws:iam::123456789012:role/admin' } },
    errors: 0,
  })
})

void test('groups may be a text with commas, if allowed', async (t) => {
  t.match(parse(`{${ROLE}, username: a, groups: "a,b"}`, { source: 'configuration' }), {
    entry: { groups: ['a', 'b'] },
  })
  t.match(parse(`{${ROLE}, username: a, groups: ""}`, { source: 'configuration' }), { entry: { groups: [] } })
  t.match(parse(`{${ROLE}, username: a, groups: [a]}`, { source: 'configuration' }), { entry: { groups: ['a'] } })
  t.match(parse(`{${ROLE}, username: a, groups: 1}`, { source: 'configuration' }), { entry: { groups: ['1'] } })
  t.match(parse(`{${ROLE}, username: a, groups: 01}`, { source: 'configuration' }), { entry: null, errors: 1 })
})

void test('text that looks like a template is warned about', async (t) => {
  t.match(parse(`{${ROLE}, username: "{{sessionname}}", groups: ["{{X}}"]}`), { errors: 0, warnings: 2 })
})

const keyOf = (sso: string) => parse(`{sso: ${sso}, username: a}`).entry

void test('an sso entry matches the roles of its permission set, in its account and partition', async (t) => {
  const key = keyOf('{permissionSetName: Admin+x, accountID: "012345678901"}')
  t.ok(matches(key, 'arn:aws:iam::012345678901:role/AWSReservedSSO_Admin+x_0123456789abcdef'))
  for (const arn of [
    'arn:aws:iam::012345678901:role/AWSReservedSSO_Admin+x',
    'arn:aws:iam::012345678901:role/AWSReservedSSO_Adminnx_0123456789abcdef',
    'arn:aws:iam::012345678901:role/AWSReservedSSO_Admin+xy_0123456789abcdef',
    'arn:aws:iam::012345678901:role/AWSReservedSSO_Admin+x_0123/evil',
    'arn:aws:iam::012345678901:role/x/AWSReservedSSO_Admin+x_0123456789abcdef',
    'arn:aws:iam::112345678901:role/AWSReservedSSO_Admin+x_0123456789abcdef',
    'arn:aws-cn:iam::012345678901:role/AWSReservedSSO_Admin+x_0123456789abcdef',
    'arn:aws:iam::012345678901:user/AWSReservedSSO_Admin+x_0123456789abcdef',
    'xarn:aws:iam::012345678901:role/AWSReservedSSO_Admin+x_0123456789abcdef',
  ]) {
    t.notOk(matches(key, arn), arn)
  }
  const gov = keyOf('{permissionSetName: A, accountID: "012345678901", partition: aws-us-gov}')
  t.ok(matches(gov, 'arn:aws-us-gov:iam::012345678901:role/AWSReservedSSO_A_0123456789abcdef'))
  t.notOk(matches(gov, 'arn:aws:iam::012345678901:role/AWSReservedSSO_A_0123456789abcdef'))
  t.ok(
    matches(
      keyOf('{permissionSetName: "a.b=c,d@e-f_g", accountID: "012345678901"}'),
      'arn:aws:iam::012345678901:role/AWSReservedSSO_a.b=c,d@e-f_g_0',
    ),
  )
})

void test('an sso entry does not match a permission set with the same beginning', async (t) => {
  const key = parse('{sso: {permissionSetName: Admin, accountID: "123456789012"}, username: a}').entry
  t.ok(matches(key, 'arn:aws:iam::123456789012:role/AWSReservedSSO_Admin_0123456789abcdef'))
  t.notOk(matches(key, 'arn:aws:iam::123456789012:role/AWSReservedSSO_Admin_ReadOnly_0123456789abcdef'))
})

void test('a bad sso entry', async (t) => {
  const good = 'permissionSetName: A, accountID: "123456789012"'
  t.match(
    parse(`{sso: {${good}}, username: a}`, { sso: false }),
    { entry: null, errors: 0, warnings: 1 },
    'the gate is closed',
  )
  t.match(parse(`{sso: {${good}}, username: a}`, { kind: 'user' }), { entry: null })
  for (const sso of [
    'text',
    '{}',
    '{permissionSetName: A}',
    '{accountID: "123456789012"}',
    '{permissionSetName: "", accountID: "123456789012"}',
    '{permissionSetName: "a*", accountID: "123456789012"}',
    '{permissionSetName: ".*/", accountID: "123456789012"}',
    `{permissionSetName: ${'a'.repeat(33)}, accountID: "123456789012"}`,
    '{permissionSetName: 1, accountID: "123456789012"}',
    '{permissionSetName: A, accountID: "12345678901"}',
    '{permissionSetName: A, accountID: "123456789012 "}',
    '{permissionSetName: A, accountID: {}}',
    `{${good}, partition: mars}`,
    `{${good}, partition: AWS}`,
    `{${good}, partition: 1}`,
  ]) {
    t.match(parse(`{sso: ${sso}, username: a}`), { entry: null, errors: 1 }, sso)
  }
})
