import { test } from 'tap'
import { parseAwsAuth, EMPTY_AWS_AUTH } from '../../src/mapping/aws-auth.ts'

const HEAD = '- rolearn: arn:aws:iam::123456789012:role/Admin\n  username: u\n'

function read(text: string) {
  return parseAwsAuth({ mapRoles: text }, EMPTY_AWS_AUTH, { sso: true })
}

/** Texts that yaml.v2 reads differently or not at all: none of their entries is accepted. */
const REJECTED: readonly (readonly [string, string])[] = [
  ['a CR alone ends a comment', `${HEAD}  groups: [system:masters] # c\r  groups: []\n`],
  ['a CR alone begins a key', `${HEAD}  note: a # c\r  groups: [system:masters]\n`],
  ...['\u0085', '\u2028', '\u2029'].map(
    (character) =>
      [`line break ${character.charCodeAt(0).toString(16)}`, `${HEAD}  note: a # x${character}b\n`] as const,
  ),
  ...['\u0000', '\u001b', '\u007f', '\u0090', '\ufffe', '\uffff', '\ud800'].map(
    (character) => [`control ${character.charCodeAt(0).toString(16)}`, `${HEAD}# ${character}\n`] as const,
  ),
  ['directive', `%YAML 1.2\n---\n${HEAD}`],
  ['tag directive', `%TAG !e! tag:yaml.org,2002:\n---\n${HEAD}`],
  ['binary', `${HEAD}  groups: [!!binary c3lzdGVtOm1hc3RlcnM=]\n`],
  ['verbatim tag', `${HEAD}  groups: [!<tag:yaml.org,2002:binary> YQ==]\n`],
  ['string tag', `${HEAD}  groups: [!!str a]\n`],
  ['tag without a value', `${HEAD}  groups: [b, !a, c]\n`],
  ['non-specific tag', `${HEAD}  groups: [b, !, c]\n`],
  ['tag on a merge key', `${HEAD}  !!str <<: {groups: [view]}\n`],
  ['explicit key', `${HEAD}  ? groups\n  : [system:masters]\n`],
  ['unused alias that names nothing', `${HEAD}  note: *nothing\n`],
  ['alias before its anchor', `${HEAD}  note: *a\n  other: &a b\n`],
  ['alias within its anchor', `${HEAD}  note: &n {x: *n}\n`],
  ['alias as a key', `${HEAD}  note: &a groups\n  *a : [system:masters]\n`],
  ['anchor with another character', `${HEAD}  note: &ä b\n`],
  ['merge of null', `${HEAD}  <<: null\n`],
  ['merge of text', `${HEAD}  <<: x\n`],
  ['merge of a list of text', `${HEAD}  <<: [a]\n`],
  ['flow key over two lines', `${HEAD}  note: {a\n    b: c}\n`],
  ['long flow key', `${HEAD}  note: {"${'a'.repeat(1030)}": c}\n`],
  ['question mark in brackets', `${HEAD}  note: [a?]\n`],
  ['colon first in brackets', `${HEAD}  note: [:a]\n`],
  ['line of a tab', `${HEAD}\t\n`],
  ['tab before a comment', `\t# c\n${HEAD}`],
  ['tab after a dash', `${HEAD}  groups:\n  -\ta\n`],
  ['tab in a block scalar', `${HEAD}  note: |-\n    \ta\n`],
  ['escaped slash', `${HEAD}  note: "\\/"\n`],
  ['escaped surrogates', `${HEAD}  note: "\\ud83d\\ude00"\n`],
]

void test('text that yaml.v2 rejects or reads differently is rejected as a whole, with its place', async (t) => {
  t.equal(read(HEAD).roles.length, 1)
  for (const [name, text] of REJECTED) {
    const { roles, problems } = read(text)
    t.same(roles, [], name)
    t.match(problems, [{ severity: 'error', location: { line: Number } }, { severity: 'warning' }], name)
  }
})

/** Entries that yaml.v2 and encoding/json read differently: only they are rejected. */
const BAD_ENTRIES: readonly (readonly [string, string])[] = [
  ...['yes', 'No', 'ON', 'off', 'y', 'N', '0b11', '1_000', '0_8', '0xAB_CD', '.5', '1.'].map(
    (text) => [text, `${HEAD}  groups: [${text}]\n`] as const,
  ),
  ['by an alias', `${HEAD}  note: &a y\n  groups: [*a]\n`],
  ['long s', `${HEAD}  groups: [system:masters]\n  groupſ: []\n`],
  ['map as a key', `${HEAD}  note: {{x}}\n`],
  ['template without quotes', '- rolearn: arn:aws:iam::123456789012:role/Admin\n  username: {{SessionName}}\n'],
  ['null key', `${HEAD}  ~: a\n`],
  ['infinity', `${HEAD}  note: .inf\n`],
  ['not a number', `${HEAD}  note: [.NaN]\n`],
  ['infinity by an alias', `${HEAD}  <<: {note: &a .inf}\n`],
  ['sso account without quotes', '- sso: {permissionSetName: A, accountID: 111122223333}\n  username: u\n'],
]

void test('an entry that Go reads differently is rejected alone', async (t) => {
  for (const [name, text] of BAD_ENTRIES) {
    const { roles, problems } = read(`- rolearn: arn:aws:iam::123456789012:role/Good\n${text}`)
    t.match(roles, [{ key: { arn: 'arn:aws:iam::123456789012:role/good' } }], name)
    t.equal(problems.filter(({ severity }) => severity === 'error').length, 1, name)
  }
})

void test('any Unicode space is part of a value', async (t) => {
  const spaces = ['\u00a0', '\u1680', '\u2000', '\u200a', '\u202f', '\u205f', '\u3000']
  for (const space of spaces) {
    const [entry] = read(`${HEAD}  groups:\n  - system:masters${space}\n`).roles
    t.same(entry?.groups, [`system:masters${space}`], space.charCodeAt(0).toString(16))
    t.equal(
      read(`- username: u${space}\n  rolearn: arn:aws:iam::123456789012:role/A\n`).roles[0]?.username,
      `u${space}`,
    )
    const { key } = read(`- rolearn: arn:aws:iam::123456789012:role/A${space}\n`).roles[0] ?? {}
    t.match(key, { arn: `arn:aws:iam::123456789012:role/a${space}` })
  }
})

void test('merge keys beside an own key give the result of yaml.v2', async (t) => {
  t.same(read(`${HEAD}  groups: [system:masters]\n  <<: {groups: [view]}\n`).roles[0]?.groups, ['view'])
  t.same(read(`${HEAD}  <<: {groups: [view]}\n  groups: [edit]\n`).roles[0]?.groups, ['edit'])
  t.same(read(`${HEAD}  groups: [system:masters]\n  <<: [{groups: [a]}, {groups: [b]}]\n`).roles[0]?.groups, ['a'])
  t.same(read(`${HEAD}  groups: [system:masters]\n  <<: {GROUPS: [view]}\n`).roles, [])
})

void test('a block scalar at the end of the text has no line break', async (t) => {
  t.equal(read('- rolearn: arn:aws:iam::123456789012:role/A\n  username: |\n    a').roles[0]?.username, 'a')
  t.equal(read('- rolearn: arn:aws:iam::123456789012:role/A\n  username: |\n    a\n').roles[0]?.username, 'a\n')
})

void test('text that both parsers read the same is accepted', async (t) => {
  for (const text of [
    `\ufeff${HEAD}`,
    HEAD.replaceAll('\n', '\r\n'),
    `# ä € 😀\n${HEAD}`,
    `${HEAD}  note: "a\\tb\\u00e4\\x41\\\\/"\n`,
    `${HEAD}  note: 'a\tb'\n  other: x\t# c\n`,
    `${HEAD}  note: 2001-01-01\n  other: 0xG\n  third: "yes"\n`,
    JSON.stringify([{ rolearn: 'arn:aws:iam::123456789012:role/Admin', username: 'u' }], null, 2),
  ]) {
    t.equal(read(text).roles.length, 1, JSON.stringify(text))
  }
})
