import { parseCallerIdentity, Refusal } from '@aws-iam-authenticator/core'
import { test } from 'tap'

const ACCOUNT = '123456789012'

function answer(arn: unknown, userId: unknown, account: unknown = ACCOUNT): string {
  const result = { Account: account, Arn: arn, UserId: userId }
  return JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: result } })
}

void test('an identity has what STS says and the access key that was verified', async (t) => {
  t.same(parseCallerIdentity(answer(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`, 'AROAX:alice'), 'ASIAX'), {
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`,
    canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Admin`,
    kind: 'role',
    accountId: ACCOUNT,
    userId: 'AROAX',
    sessionName: 'alice',
    accessKeyId: 'ASIAX',
  })
  t.match(parseCallerIdentity(answer(`arn:aws:iam::${ACCOUNT}:user/a:b`, 'AIDAX:y'), 'K'), {
    userId: 'AIDAX:y',
    sessionName: '',
  })
})

void test('the same ARN with an id of another form is refused', async (t) => {
  for (const id of ['AROAX', ':alice', '', 'AROAX:a:b']) {
    const identity = parseCallerIdentity(answer(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`, id), 'K')
    t.match(identity, { reason: 'sts_bad_answer' }, id)
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
