import type { JwtClaims } from '@aws-iam-authenticator/sandbox/aws/jwt-claims'

const A = 'arn:aws:iam::111122223333'
const MAPPED_ACCOUNT = 'arn:aws:iam::444455556666'
const SCRUBBED = 'arn:aws:iam::777788889999'
/** The account of the second issuer. */
const B = 'arn:aws:iam::222233334444'

/** A username that would end a literal of CEL, a scalar of YAML or a line of a log. */
const HOSTILE = 'o\'brien\\\'] + ["system:masters"][0] "x" #: \u00e4\u202e\ud83d\ude00\n- y: {{Foo}}'

const ROLES = [
  { rolearn: `${A}:role/Admin`, username: 'admin', groups: ['system:masters'] },
  { rolearn: `${A}:role/Dev`, username: 'dev-first', groups: ['first'] },
  { rolearn: `${A}:role/Dev`, username: 'dev', groups: ['developers', '{{AccountID}}'] },
  {
    rolearn: `${A}:role/Who`,
    username: 'who:{{SourceIdentity}}',
    groups: ['account:{{AccountID}}', 'team:{{PrincipalTag "team"}}'],
  },
  {
    sso: { permissionSetName: 'Admin', accountID: '111122223333' },
    username: 'sso:{{IdentityStoreUserID}}',
    groups: ['sso'],
  },
  { rolearn: `${A}:role/AWSReservedSSO_Admin_eeee`, username: 'exact-before-sso' },
  { sso: { permissionSetName: 'Tagged', accountID: '111122223333' }, username: 'tagged', principalTags: { team: 'a' } },
  { rolelike: `${A}:role/ci-*`, username: 'ci:{{AccountID}}', groups: ['ci'] },
  { rolelike: `${A}:role/ci-pro?`, username: 'never: the first pattern wins' },
  { rolearn: `${A}:role/ci-exact`, username: 'exact-before-pattern' },
  { rolearn: `${A}:user/dual`, username: 'roles-before-users' },
  { rolearn: `${A}:role/Hostile`, username: HOSTILE, groups: ["'", HOSTILE] },
  { rolearn: `${A}:role/Tags`, username: 'team-a', groups: ['a'], principalTags: { team: 'a' } },
  {
    rolearn: `${A}:role/Tags`,
    username: 'team-b-in-o',
    principalTags: { team: ['b', 'c'], 'it is': 'x=y' },
    orgId: 'o-a1b2c3d4e5',
  },
  {
    rolearn: `${A}:role/Tags`,
    username: 'by-ou:{{SourceIdentity}}',
    ouPath: ['o-a1b2c3d4e5/r-ab12/ou-1/*'],
    sourceIdentity: ['Bob*'],
  },
  { rolearn: `${A}:role/Sessions`, username: 'any-session' },
  { rolearn: `${A}:role/Sessions`, username: 'ci', sessionnames: 'ci-*' },
  { rolearn: `${A}:role/Sessions`, username: 'by-name', sourceIdentity: 'Bob-1' },
  { rolearn: `${SCRUBBED}:role/Secret`, username: 'secret:{{SourceIdentity}}', groups: ['scrubbed'] },
  { rolearn: `${B}:role/Admin`, username: 'other-admin' },
]

const USERS = [
  { userarn: `${A}:user/dev/Alice`, username: 'alice', groups: ['people'] },
  { userarn: `${A}:user/dual`, username: 'user-dual' },
  { userlike: `${A}:user/ops/*`, username: 'ops' },
]

/** config.yaml, in JSON. Its DynamicFile is {@link DYNAMIC_FILE}. */
export function configurationOf(clusterId: string, issuers: readonly object[], dynamicFile: string): string {
  return JSON.stringify({
    clusterID: clusterId,
    'feature-gates': 'SSORoleMatch=true',
    server: {
      backendMode: ['MountedFile', 'DynamicFile'],
      dynamicfilepath: dynamicFile,
      reservedPrefixConfig: [{ backendMode: 'DynamicFile', usernamePrefixReserveList: ['system:', 'ops-'] }],
      scrubbedAccounts: ['777788889999'],
      mapAccounts: ['444455556666'],
      mapRoles: ROLES,
      mapUsers: USERS,
      webIdentity: { issuers },
    },
  })
}

export const DYNAMIC_FILE: string = JSON.stringify({
  mapRoles: [
    { rolearn: `${A}:role/Admin`, username: 'never: the first backend wins' },
    { rolearn: `${A}:role/Reserved`, username: 'system:kube-scheduler' },
    { rolearn: `${A}:role/Ops`, username: 'ops{{SourceIdentity}}' },
    { rolearn: `${A}:role/AWSReservedSSO_Tagged_ffff`, username: 'exact-in-second-backend' },
    { rolearn: `${MAPPED_ACCOUNT}:role/Exact`, username: 'never: the account comes first' },
  ],
  mapUsers: [],
  mapAccounts: ['222233334444'],
})

/** A login: the claims of a JWT, and the username that is expected; null if it is refused. */
export interface JwtCase {
  readonly name: string
  readonly sub: string
  readonly username: string | null
  /** AWS's own claims. */
  readonly aws?: JwtClaims
  /** Other claims. */
  readonly claims?: JwtClaims
  /** The issuer. Default: the first one. */
  readonly issuer?: 'second'
}

const bob = { source_identity: 'Bob-1' }
const tags = (values: Readonly<Record<string, unknown>>): JwtClaims => ({ principal_tags: values })
const organization = { org_id: 'o-a1b2c3d4e5', ou_path: ['o-a1b2c3d4e5/r-ab12/ou-2/', 'o-a1b2c3d4e5/r-ab12/ou-1/ou-3'] }

export const JWT_CASES: readonly JwtCase[] = [
  { name: 'a role', sub: `${A}:role/Admin`, username: 'admin' },
  { name: 'a role with a path', sub: `${A}:role/team/x/Admin`, username: 'admin' },
  { name: 'a role in other letters', sub: `${A}:role/ADMIN`, username: 'admin', aws: bob },
  { name: 'the later of two entries', sub: `${A}:role/Dev`, username: 'dev' },
  {
    name: 'templates of claims',
    sub: `${A}:role/p/Who`,
    username: 'who:Bob-1',
    aws: { ...bob, ...tags({ team: 'a/b' }) },
  },
  { name: 'no source identity for the username', sub: `${A}:role/Who`, username: null, aws: tags({ team: 'a' }) },
  { name: 'no tag for a group', sub: `${A}:role/Who`, username: null, aws: bob },
  {
    name: 'a tag with a colon',
    sub: `${A}:role/Who`,
    username: null,
    aws: { ...bob, ...tags({ team: 'system:masters' }) },
  },
  {
    name: 'a tag with a template',
    sub: `${A}:role/Who`,
    username: null,
    aws: { ...bob, ...tags({ team: '{{AccountID}}' }) },
  },
  { name: 'a tag of another case', sub: `${A}:role/Who`, username: null, aws: { ...bob, ...tags({ Team: 'a' }) } },
  { name: 'a request tag', sub: `${A}:role/Who`, username: null, aws: { ...bob, request_tags: { team: 'a' } } },
  {
    name: 'a permission set',
    sub: `${A}:role/aws-reserved/sso.amazonaws.com/eu-west-2/AWSReservedSSO_Admin_0123456789abcdef`,
    username: 'sso:9067-1',
    aws: { identity_store_user_id: '9067-1' },
  },
  { name: 'a permission set without a person', sub: `${A}:role/AWSReservedSSO_Admin_0123`, username: null },
  {
    name: 'an exact ARN before its permission set',
    sub: `${A}:role/AWSReservedSSO_Admin_EEEE`,
    username: 'exact-before-sso',
  },
  {
    name: 'a permission set whose condition is met',
    sub: `${A}:role/AWSReservedSSO_Tagged_ffff`,
    username: 'tagged',
    aws: tags({ team: 'a' }),
  },
  {
    name: 'an exact ARN after a permission set',
    sub: `${A}:role/AWSReservedSSO_Tagged_ffff`,
    username: 'exact-in-second-backend',
  },
  { name: 'a permission set of a similar name', sub: `${A}:role/AWSReservedSSO_Admin_x_0123`, username: null },
  { name: 'the first of two patterns', sub: `${A}:role/x/ci-prod`, username: 'ci:111122223333' },
  { name: 'an exact ARN before a pattern', sub: `${A}:role/ci-exact`, username: 'exact-before-pattern' },
  { name: 'a pattern is for the whole name', sub: `${A}:role/xci-prod`, username: null },
  { name: 'roles before users', sub: `${A}:user/dual`, username: 'roles-before-users' },
  { name: 'a user with a path', sub: `${A}:user/dev/Alice`, username: 'alice' },
  { name: 'a user without its path', sub: `${A}:user/Alice`, username: null },
  { name: 'a pattern for users', sub: `${A}:user/ops/Ann`, username: 'ops' },
  { name: 'a pattern does not cross a slash', sub: `${A}:user/ops/x/Ann`, username: null },
  { name: 'a hostile username', sub: `${A}:role/Hostile`, username: HOSTILE },
  { name: 'a tag condition', sub: `${A}:role/Tags`, username: 'team-a', aws: tags({ team: 'a' }) },
  {
    name: 'the next entry of the ARN',
    sub: `${A}:role/Tags`,
    username: 'team-b-in-o',
    aws: { ...organization, ...tags({ team: 'c', 'it is': 'x=y' }) },
  },
  { name: 'one condition of two', sub: `${A}:role/Tags`, username: null, aws: tags({ team: 'c', 'it is': 'x=y' }) },
  { name: 'an organizational unit', sub: `${A}:role/Tags`, username: 'by-ou:Bob-1', aws: { ...organization, ...bob } },
  {
    name: 'an organizational unit as a text',
    sub: `${A}:role/Tags`,
    username: 'by-ou:Bob-1',
    aws: { ...bob, ou_path: 'o-a1b2c3d4e5/r-ab12/ou-1/x' },
  },
  {
    name: 'another source identity',
    sub: `${A}:role/Tags`,
    username: null,
    aws: { ...organization, source_identity: 'bob-1' },
  },
  { name: 'an entry that may be for the session', sub: `${A}:role/Sessions`, username: null },
  { name: 'an entry for JWTs before it', sub: `${A}:role/Sessions`, username: 'by-name', aws: bob },
  {
    name: 'a scrubbed account',
    sub: `${SCRUBBED}:role/x/Secret`,
    username: 'secret:Bob-1',
    aws: { ...bob, identity_store_user_id: '9' },
  },
  { name: 'mapAccounts', sub: `${MAPPED_ACCOUNT}:role/team/Any`, username: `${MAPPED_ACCOUNT}:role/Any` },
  {
    name: 'mapAccounts for a user',
    sub: `${MAPPED_ACCOUNT}:user/team/Any`,
    username: `${MAPPED_ACCOUNT}:user/team/Any`,
  },
  {
    name: 'mapAccounts before a later backend',
    sub: `${MAPPED_ACCOUNT}:role/Exact`,
    username: `${MAPPED_ACCOUNT}:role/Exact`,
  },
  { name: 'a second issuer', sub: `${B}:role/Admin`, username: 'other-admin', issuer: 'second' },
  { name: 'mapAccounts of the second backend', sub: `${B}:role/Any`, username: `${B}:role/Any`, issuer: 'second' },
  { name: 'a reserved username', sub: `${A}:role/Reserved`, username: null },
  { name: 'a username that is not reserved', sub: `${A}:role/Ops`, username: 'opsBob-1', aws: bob },
  {
    name: 'a username that the claim makes reserved',
    sub: `${A}:role/Ops`,
    username: null,
    aws: { source_identity: '-bob' },
  },
  { name: 'no entry', sub: `${A}:role/Nobody`, username: null },
  { name: 'an account of the other issuer', sub: `${B}:role/Admin`, username: null },
  { name: 'an account of no issuer', sub: 'arn:aws:iam::999900001111:role/Admin', username: null },
  {
    name: 'another account in aws_account',
    sub: `${A}:role/Admin`,
    username: null,
    aws: { aws_account: '444455556666' },
  },
  { name: 'a session', sub: 'arn:aws:sts::111122223333:assumed-role/Admin/bob', username: null },
  { name: 'root', sub: `${MAPPED_ACCOUNT}:root`, username: null },
  { name: 'another partition', sub: 'arn:aws-cn:iam::444455556666:role/Admin', username: null },
  { name: 'a space in the name', sub: `${A}:role/Admin `, username: null },
  {
    name: 'a life of more than an hour',
    sub: `${A}:role/Admin`,
    username: null,
    claims: { exp: Math.floor(Date.now() / 1000) + 7200 },
  },
  { name: 'no iat', sub: `${A}:role/Admin`, username: null, claims: { iat: undefined } },
  { name: 'another audience', sub: `${A}:role/Admin`, username: null, claims: { aud: 'other' } },
  { name: 'two audiences', sub: `${A}:role/Admin`, username: 'admin', claims: { aud: ['other', 'k8s.local'] } },
  {
    name: 'a source identity of another form',
    sub: `${A}:role/Admin`,
    username: null,
    aws: { source_identity: 'x y' },
  },
  { name: 'a tag that is a number', sub: `${A}:role/Admin`, username: null, aws: tags({ team: 1 }) },
  { name: 'an organization of another form', sub: `${A}:role/Admin`, username: null, aws: { org_id: 'x' } },
]
