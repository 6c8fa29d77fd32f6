/** The partitions in which an entry of {@link ssoEntries} matches the permission set Ops. */
export const ssoPartitions = [
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
  'aws-eusc',
] as const

/** Entries of mapRoles in YAML. The username shows the matching entry. */
export const ssoEntries: readonly string[] = [
  `{sso: {permissionSetName: Viewer, accountID: "111122223333"}, username: viewer}`,
  `{sso: {PermissionSetName: "Power+User=1,a.b@c-d", accountid: "111122223333"}, username: power}`,
  ...ssoPartitions.map(
    (partition) =>
      `{sso: {permissionSetName: Ops, accountID: "111122223333", partition: ${partition}}, username: ops-${partition}}`,
  ),
]

/** The signer, and the mapped user; null without a matching entry. */
export interface SsoRow {
  readonly name: string
  readonly arn: string
  readonly username: string | null
}

function session(role: string, partition = 'aws', accountId = '111122223333'): string {
  return `arn:${partition}:sts::${accountId}:assumed-role/${role}/sam`
}

const SUFFIX = '0123456789abcdef'

export const ssoRows: readonly SsoRow[] = [
  ...ssoPartitions.map((partition) => ({
    name: `a permission set in ${partition}`,
    arn: session(`AWSReservedSSO_Ops_${SUFFIX}`, partition),
    username: `ops-${partition}`,
  })),
  { name: 'no partition means aws', arn: session(`AWSReservedSSO_Viewer_${SUFFIX}`), username: 'viewer' },
  { name: 'not in GovCloud then', arn: session(`AWSReservedSSO_Viewer_${SUFFIX}`, 'aws-us-gov'), username: null },
  { name: 'case does not count', arn: session(`awsreservedsso_VIEWER_${SUFFIX}`), username: 'viewer' },
  {
    name: 'letters that mean something in a pattern',
    arn: session(`AWSReservedSSO_Power+User=1,a.b@c-d_${SUFFIX}`),
    username: 'power',
  },
  { name: 'a dot is a dot', arn: session(`AWSReservedSSO_Power+User=1,aXb@c-d_${SUFFIX}`), username: null },
  { name: 'another account', arn: session(`AWSReservedSSO_Viewer_${SUFFIX}`, 'aws', '444455556666'), username: null },
  { name: 'another permission set', arn: session(`AWSReservedSSO_Editor_${SUFFIX}`), username: null },
  { name: 'a name that only begins alike', arn: session(`AWSReservedSSO_Viewers_${SUFFIX}`), username: null },
  { name: 'a name that goes on', arn: session(`AWSReservedSSO_Viewer_Admin_${SUFFIX}`), username: null },
  { name: 'no suffix', arn: session('AWSReservedSSO_Viewer'), username: null },
  { name: 'the prefix is missing', arn: session(`Viewer_${SUFFIX}`), username: null },
  { name: 'something before the prefix', arn: session(`xAWSReservedSSO_Viewer_${SUFFIX}`), username: null },
  {
    name: 'a user of that name',
    arn: `arn:aws:iam::111122223333:user/AWSReservedSSO_Viewer_${SUFFIX}`,
    username: null,
  },
]
