import { canonicalizeArn } from '../../src/identity/arn.ts'
import { test } from 'tap'

void test('a session maps to its role, other principals to themselves', async (t) => {
  t.same(canonicalizeArn('arn:aws:sts::123456789012:assumed-role/Admin/alice'), {
    kind: 'role',
    canonicalArn: 'arn:aws:iam::123456789012:role/Admin',
    accountId: '123456789012',
  })
  t.match(canonicalizeArn('arn:aws:sts::123456789012:assumed-role/a/b/alice'), { canonicalArn: /:role\/a\/b$/ })
  for (const [kind, arn] of [
    ['user', 'arn:aws:iam::123456789012:user/team/alice'],
    ['role', 'arn:aws-cn:iam::123456789012:role/team/Admin'],
    ['root', 'arn:aws:iam::123456789012:root'],
    ['federated-user', 'arn:aws:sts::123456789012:federated-user/bob'],
  ]) {
    t.same(canonicalizeArn(arn ?? ''), { kind, canonicalArn: arn, accountId: '123456789012' })
  }
})

void test('the faults', async (t) => {
  t.equal(canonicalizeArn('alice'), 'not_an_arn')
  t.equal(canonicalizeArn('arn:aws:iam::123456789012'), 'not_an_arn')
  t.equal(canonicalizeArn('arn:aws-mars:iam::123456789012:root'), 'unknown_partition')
  t.equal(canonicalizeArn('arn:aws:iam::123456789012:group/x'), 'unsupported_principal')
  t.equal(canonicalizeArn('arn:aws:sts::123456789012:assumed-role/Admin'), 'unsupported_principal')
  t.equal(canonicalizeArn('arn:aws:ec2::123456789012:role/Admin'), 'unsupported_principal')
})

void test('a long text takes linear time', async (t) => {
  t.equal(canonicalizeArn(`arn:aws:iam::1:${'x/'.repeat(100_000)}`), 'unsupported_principal')
  t.equal(canonicalizeArn(':'.repeat(200_000)), 'not_an_arn')
})
