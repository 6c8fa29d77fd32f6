import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'

/** A body of a 200 answer to GetCallerIdentity, and its identity or the reason for the refusal. */
export type IdentityRow = { readonly name: string; readonly body: string } & (
  | { readonly identity: Omit<Identity, 'accessKeyId' | 'arn'> }
  | { readonly reason: ReasonCode }
)

const ACCOUNT = '123456789012'

/** The body STS answers with. */
function answer(result: unknown): string {
  return JSON.stringify({
    GetCallerIdentityResponse: { GetCallerIdentityResult: result, ResponseMetadata: { RequestId: 'f1c2' } },
  })
}

const of = (Arn: unknown, UserId: unknown, Account: unknown = ACCOUNT): string => answer({ Account, Arn, UserId })
const bad = (name: string, body: string): IdentityRow => ({ name, body, reason: 'sts_bad_answer' })
const unsupported = (name: string, body: string): IdentityRow => ({ name, body, reason: 'unsupported_identity' })

const ALICE = `arn:aws:iam::${ACCOUNT}:user/alice`
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/alice`

const good: IdentityRow[] = [
  {
    name: 'a user',
    body: of(ALICE, 'AIDAEXAMPLE'),
    identity: { canonicalArn: ALICE, kind: 'user', accountId: ACCOUNT, userId: 'AIDAEXAMPLE', sessionName: '' },
  },
  {
    name: 'a session of a role',
    body: of(SESSION, 'AROAEXAMPLE:alice'),
    identity: {
      canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Admin`,
      kind: 'role',
      accountId: ACCOUNT,
      userId: 'AROAEXAMPLE',
      sessionName: 'alice',
    },
  },
  {
    name: 'a session whose name has every character STS allows',
    body: of(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/a@b=c,d.e_f+g-h`, 'AROAEXAMPLE:a@b=c,d.e_f+g-h'),
    identity: {
      canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Admin`,
      kind: 'role',
      accountId: ACCOUNT,
      userId: 'AROAEXAMPLE',
      sessionName: 'a@b=c,d.e_f+g-h',
    },
  },
  {
    name: 'a session of an instance',
    body: of(`arn:aws:sts::${ACCOUNT}:assumed-role/nodes/i-0123456789abcdef0`, 'AROAEXAMPLE:i-0123456789abcdef0'),
    identity: {
      canonicalArn: `arn:aws:iam::${ACCOUNT}:role/nodes`,
      kind: 'role',
      accountId: ACCOUNT,
      userId: 'AROAEXAMPLE',
      sessionName: 'i-0123456789abcdef0',
    },
  },
  {
    name: 'a session of a person in IAM Identity Center',
    body: of(
      `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com`,
      'AROAEXAMPLE:alice@example.com',
    ),
    identity: {
      canonicalArn: `arn:aws:iam::${ACCOUNT}:role/AWSReservedSSO_Admin_0123456789abcdef`,
      kind: 'role',
      accountId: ACCOUNT,
      userId: 'AROAEXAMPLE',
      sessionName: 'alice@example.com',
    },
  },
  {
    name: 'a session of a service-linked role',
    body: of(
      `arn:aws:sts::${ACCOUNT}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling`,
      'AROAEXAMPLE:AutoScaling',
    ),
    identity: {
      canonicalArn: `arn:aws:iam::${ACCOUNT}:role/AWSServiceRoleForAutoScaling`,
      kind: 'role',
      accountId: ACCOUNT,
      userId: 'AROAEXAMPLE',
      sessionName: 'AutoScaling',
    },
  },
  {
    name: 'a user with a path',
    body: of(`arn:aws:iam::${ACCOUNT}:user/team:a/x/alice`, 'AIDAEXAMPLE'),
    identity: {
      canonicalArn: `arn:aws:iam::${ACCOUNT}:user/team:a/x/alice`,
      kind: 'user',
      accountId: ACCOUNT,
      userId: 'AIDAEXAMPLE',
      sessionName: '',
    },
  },
  {
    name: 'the root user',
    body: of(`arn:aws:iam::${ACCOUNT}:root`, ACCOUNT),
    identity: {
      canonicalArn: `arn:aws:iam::${ACCOUNT}:root`,
      kind: 'root',
      accountId: ACCOUNT,
      userId: ACCOUNT,
      sessionName: '',
    },
  },
  {
    name: 'a federated user, whose id is taken whole',
    body: of(`arn:aws:sts::${ACCOUNT}:federated-user/bob`, `${ACCOUNT}:bob`),
    identity: {
      canonicalArn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`,
      kind: 'federated-user',
      accountId: ACCOUNT,
      userId: `${ACCOUNT}:bob`,
      sessionName: '',
    },
  },
  {
    name: 'an account with leading zeros in GovCloud',
    body: of(
      'arn:aws-us-gov:sts::000000000012:assumed-role/nodes.k8s.local/i-01234567',
      'AROAX:i-01234567',
      '000000000012',
    ),
    identity: {
      canonicalArn: 'arn:aws-us-gov:iam::000000000012:role/nodes.k8s.local',
      kind: 'role',
      accountId: '000000000012',
      userId: 'AROAX',
      sessionName: 'i-01234567',
    },
  },
]

export const identities: readonly IdentityRow[] = [
  ...good,
  bad('nothing', ''),
  bad('HTML', '<html>welcome</html>'),
  bad('XML', `<GetCallerIdentityResponse><Arn>${ALICE}</Arn></GetCallerIdentityResponse>`),
  bad('half of the answer', of(ALICE, 'AIDAEXAMPLE').slice(0, -2)),
  bad('two answers', of(ALICE, 'AIDAEXAMPLE').repeat(2)),
  bad('null', 'null'),
  bad('a number', '1'),
  bad('a string', JSON.stringify(ALICE)),
  bad('a list', '[]'),
  bad('deep lists', '['.repeat(100_000) + ']'.repeat(100_000)),
  bad('an empty object', '{}'),
  bad('an error', '{"Error":{"Code":"Throttling","Message":"Rate exceeded"}}'),
  bad('no result', '{"GetCallerIdentityResponse":{}}'),
  bad('a result that is null', answer(null)),
  bad('a result that is a list', answer([ACCOUNT, ALICE, 'AIDAEXAMPLE'])),
  bad('a result that is a string', answer(ALICE)),
  bad('the result without its wrapper', JSON.stringify({ Account: ACCOUNT, Arn: ALICE, UserId: 'AIDAEXAMPLE' })),
  bad('names in another case', answer({ account: ACCOUNT, arn: ALICE, userId: 'AIDAEXAMPLE' })),
  bad(
    'values in a prototype',
    answer({}).replace('{}', `{"__proto__":{"Account":"${ACCOUNT}","Arn":"${ALICE}","UserId":"A"}}`),
  ),
  bad('no Account', answer({ Arn: ALICE, UserId: 'AIDAEXAMPLE' })),
  bad('no Arn', answer({ Account: ACCOUNT, UserId: 'AIDAEXAMPLE' })),
  bad('no UserId', answer({ Account: ACCOUNT, Arn: ALICE })),
  bad('an Account that is a number', of(ALICE, 'AIDAEXAMPLE', 123_456_789_012)),
  bad('an Arn that is a list', of([ALICE], 'AIDAEXAMPLE')),
  bad('a UserId that is an object', of(ALICE, {})),
  bad('an Account of another ARN', of(ALICE, 'AIDAEXAMPLE', '999999999999')),
  bad('an empty Account', of(`arn:aws:iam:::user/alice`, 'AIDAEXAMPLE', '')),
  bad('an Account of 11 digits', of('arn:aws:iam::12345678901:user/alice', 'AIDAEXAMPLE', '12345678901')),
  bad('an Account with a newline', of(`arn:aws:iam::${ACCOUNT}\n:user/alice`, 'AIDAEXAMPLE', `${ACCOUNT}\n`)),
  bad('an Arn that is none', of('alice', 'AIDAEXAMPLE')),
  bad('an empty Arn', of('', 'AIDAEXAMPLE')),
  bad('a session with an id without a name', of(SESSION, 'AROAEXAMPLE')),
  bad('a session with an id of two colons', of(SESSION, 'AROAEXAMPLE:alice:admin')),
  bad('a session with a name alone', of(SESSION, ':alice')),
  bad('a session with an empty id', of(SESSION, '')),
  bad('a session without a name', of(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/`, 'AROAEXAMPLE:')),
  bad('a session whose name is another in the id', of(SESSION, 'AROAEXAMPLE:bob')),
  bad('a session whose name is longer in the id', of(SESSION, 'AROAEXAMPLE:alice2')),
  bad('a session whose name differs in case in the id', of(SESSION, 'AROAEXAMPLE:Alice')),
  bad('a session with an id in lower case', of(SESSION, 'aroaexample:alice')),
  bad('a session of a role without a name', of(`arn:aws:sts::${ACCOUNT}:assumed-role//alice`, 'AROAEXAMPLE:alice')),
  bad('a session with braces', of(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/{{x}}`, 'AROAEXAMPLE:{{x}}')),
  bad(
    'the credentials of an instance itself',
    of(
      `arn:aws:sts::${ACCOUNT}:assumed-role/aws:ec2-instance/i-0123456789abcdef0`,
      `${ACCOUNT}:aws:ec2-instance:i-0123456789abcdef0`,
    ),
  ),
  bad('a role, which STS names by its sessions alone', of(`arn:aws:iam::${ACCOUNT}:role/Admin`, 'AROAEXAMPLE:alice')),
  bad('a user with the id of a session', of(ALICE, 'AIDAEXAMPLE:alice')),
  bad('a user without a name', of(`arn:aws:iam::${ACCOUNT}:user/`, 'AIDAEXAMPLE')),
  bad('a user without a slash', of(`arn:aws:iam::${ACCOUNT}:user`, 'AIDAEXAMPLE')),
  bad('a user with a space', of(`arn:aws:iam::${ACCOUNT}:user/al ice`, 'AIDAEXAMPLE')),
  bad('root with a path', of(`arn:aws:iam::${ACCOUNT}:root/alice`, ACCOUNT)),
  bad('root with the id of another account', of(`arn:aws:iam::${ACCOUNT}:root`, '999999999999')),
  bad('root with the id of a user', of(`arn:aws:iam::${ACCOUNT}:root`, 'AIDAEXAMPLE')),
  bad('a federated user of another name in the id', of(`arn:aws:sts::${ACCOUNT}:federated-user/bob`, `${ACCOUNT}:eve`)),
  bad(
    'a federated user of another account in the id',
    of(`arn:aws:sts::${ACCOUNT}:federated-user/bob`, '999999999999:bob'),
  ),
  bad('a federated user with a path', of(`arn:aws:sts::${ACCOUNT}:federated-user/x/bob`, `${ACCOUNT}:bob`)),
  bad('an ARN with a region', of(`arn:aws:iam:us-east-1:${ACCOUNT}:user/alice`, 'AIDAEXAMPLE')),
  bad('an Account in other digits', of('arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:user/alice', 'AIDAEXAMPLE', '١٢٣٤٥٦٧٨٩٠١٢')),
  bad('an Arn that is longer than any', of(`arn:aws:iam::${ACCOUNT}:user/${'x'.repeat(3000)}/alice`, 'AIDAEXAMPLE')),
  unsupported('a partition nobody knows', of(`arn:aws-mars:iam::${ACCOUNT}:user/alice`, 'AIDAEXAMPLE')),
  unsupported('a group', of(`arn:aws:iam::${ACCOUNT}:group/admins`, 'AGPAEXAMPLE')),
  unsupported('a session without a role', of(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin`, 'AROAEXAMPLE:alice')),
  unsupported('a user of another service', of(`arn:aws:s3::${ACCOUNT}:user/alice`, 'AIDAEXAMPLE')),
]
