import { parseCallerIdentity } from '../../src/identity/caller-identity.ts'
import { Refusal } from '../../src/errors/reasons.ts'
import { test } from 'tap'

const ACCOUNT = '123456789012'

function answer(arn: unknown, userId: unknown, account: unknown = ACCOUNT): string {
  const result = { Account: account, Arn: arn, UserId: userId }
  return JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: result } })
}

void test('an identity combines the answer of STS with the verified access key', async (t) => {
  t.same(parseCallerIdentity(answer(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`, 'AROAX:alice'), 'ASIAX'), {
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`,
    canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Admin`,
    kind: 'role',
    accountId: ACCOUNT,
    userId: 'AROAX',
    sessionName: 'alice',
    accessKeyId: 'ASIAX',
  })
  t.match(parseCallerIdentity(answer(`arn:aws:iam::${ACCOUNT}:user/team:a/!~/bob`, 'AIDAX'), 'K'), {
    canonicalArn: `arn:aws:iam::${ACCOUNT}:user/team:a/!~/bob`,
    userId: 'AIDAX',
    sessionName: '',
  })
})

void test('an ARN with an id of another form is rejected', async (t) => {
  for (const id of ['AROAX', ':alice', '', 'AROAX:a:b']) {
    const identity = parseCallerIdentity(answer(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`, id), 'K')
    t.match(identity, { reason: 'sts_bad_answer' }, id)
  }
})

const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`

/** Characters that AWS never uses in names, and that look like others, end a line or control a terminal. */
const HOSTILE_CHARACTERS = [
  ...Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(0x7f + code)),
  ...[
    0x0660, 0xff11, 0x0967, 0x200b, 0x200e, 0x202a, 0x202b, 0x202d, 0x202e, 0x2066, 0x2067, 0x2069, 0x2028, 0x2029,
    0xfeff, 0xff20, 0x212a, 0x017f, 0x0430, 0x00e9,
  ].map((code) => String.fromCharCode(code)),
  '\ud800',
  '\udfff',
  '\u{1f600}',
  '\u{e0061}',
]

function accept(arn: string, userId: string, account = ACCOUNT): boolean {
  return !(parseCallerIdentity(answer(arn, userId, account), 'K') instanceof Refusal)
}

void test('a character that AWS never uses is rejected at any position', async (t) => {
  t.ok(accept(SESSION, 'AROAX:alice'))
  for (const character of HOSTILE_CHARACTERS) {
    const name = `code point ${character.codePointAt(0)?.toString(16)}`
    for (const odd of [`${character}ice`, `al${character}ce`, `alic${character}`]) {
      t.notOk(accept(SESSION.replace('alice', odd), `AROAX:${odd}`), `${name} in the session`)
      t.notOk(accept(SESSION.replace('Admin', odd), 'AROAX:alice'), `${name} in the role`)
      t.notOk(accept(`arn:aws:iam::${ACCOUNT}:user/${odd}`, 'AIDAX'), `${name} in a user`)
      t.notOk(accept(`arn:aws:iam::${ACCOUNT}:user/${odd}/bob`, 'AIDAX'), `${name} in a path`)
      t.notOk(
        accept(`arn:aws:sts::${ACCOUNT}:federated-user/${odd}`, `${ACCOUNT}:${odd}`),
        `${name} in a federated user`,
      )
      t.notOk(accept(`arn:aws:iam::${ACCOUNT}:user/bob`, `AIDA${character}X`), `${name} in a user id`)
    }
    const account = `12345678901${character}`
    t.notOk(accept(`arn:aws:iam::${account}:root`, account, account), `${name} in the account`)
    t.notOk(accept(`arn:aws:iam::${ACCOUNT}:root`, ACCOUNT + character), `${name} after the id of root`)
    t.notOk(accept(`arn:aws:iam::${ACCOUNT}:root${character}`, ACCOUNT), `${name} after root`)
  }
})

void test('names have the maximum lengths of AWS', async (t) => {
  const rows = [
    [1, (name: string) => answer(`arn:aws:iam::${ACCOUNT}:user/${name}`, 'AIDAX'), 64],
    [1, (name: string) => answer(`arn:aws:sts::${ACCOUNT}:assumed-role/${name}/alice`, 'AROAX:alice'), 64],
    [2, (name: string) => answer(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/${name}`, `AROAX:${name}`), 64],
    [2, (name: string) => answer(`arn:aws:sts::${ACCOUNT}:federated-user/${name}`, `${ACCOUNT}:${name}`), 32],
    [1, (name: string) => answer(`arn:aws:iam::${ACCOUNT}:user/bob`, name), 128],
    [1, (name: string) => answer(SESSION, `${name}:alice`), 128],
  ] as const
  for (const [index, [shortest, make, longest]] of rows.entries()) {
    for (const length of [shortest, longest]) {
      t.match(parseCallerIdentity(make('A'.repeat(length)), 'K'), { accountId: ACCOUNT }, `row ${index}: ${length}`)
    }
    for (const length of [shortest - 1, longest + 1, 60_000]) {
      t.match(
        parseCallerIdentity(make('A'.repeat(length)), 'K'),
        { reason: 'sts_bad_answer' },
        `row ${index}: ${length}`,
      )
    }
  }
})

void test('each fault has its reason, and no message repeats the answer', async (t) => {
  const rows = [
    ['no JSON', 'sts_bad_answer'],
    ['{}', 'sts_bad_answer'],
    [answer(1, 'A'), 'sts_bad_answer'],
    [answer('evil-arn', 'A'), 'sts_bad_answer'],
    [answer('arn:evil:iam::123456789012:root', 'A'), 'unsupported_identity'],
    [answer('arn:aws:iam::123456789012:evil/x', 'A'), 'unsupported_identity'],
    [answer(`arn:aws:iam::${ACCOUNT}:root`, 'A', '210987654321'), 'sts_bad_answer'],
    [answer('arn:aws:iam::evil:root', 'A', 'evil'), 'sts_bad_answer'],
  ] as const
  for (const [body, reason] of rows) {
    const identity = parseCallerIdentity(body, 'K')
    t.match(identity, { reason }, body)
    t.notMatch(identity instanceof Refusal ? identity.message : 'evil', 'evil')
  }
})
