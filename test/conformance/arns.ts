import type { ArnFault, PrincipalKind } from '@aws-iam-authenticator/core/identity/arn'

/** An ARN, and its principal or the fault. */
export type ArnRow = { readonly arn: string } & (
  | { readonly kind: PrincipalKind; readonly canonicalArn: string }
  | { readonly fault: ArnFault }
)

const A = '123456789012'

const same = (kind: PrincipalKind, ...arns: string[]): ArnRow[] => arns.map((arn) => ({ arn, kind, canonicalArn: arn }))
const faults = (fault: ArnFault, ...arns: string[]): ArnRow[] => arns.map((arn) => ({ arn, fault }))
const session = (arn: string, canonicalArn: string): ArnRow => ({ arn, kind: 'role', canonicalArn })

/** ARNs of principals and of everything else (IAM User Guide, "IAM identifiers"). */
export const arns: readonly ArnRow[] = [
  ...same(
    'user',
    `arn:aws:iam::${A}:user/alice`,
    `arn:aws:iam::${A}:user/team/x/alice`,
    `arn:aws-cn:iam::${A}:user/alice`,
  ),
  ...same(
    'role',
    `arn:aws:iam::${A}:role/Admin`,
    `arn:aws:iam::${A}:role/team/Admin`,
    `arn:aws-us-gov:iam::${A}:role/K8s-Admin`,
  ),
  ...same('root', `arn:aws:iam::${A}:root`, `arn:aws-iso:iam::${A}:root`),
  ...same('federated-user', `arn:aws:sts::${A}:federated-user/bob`, `arn:aws-eusc:sts::${A}:federated-user/bob`),
  session(`arn:aws:sts::${A}:assumed-role/Admin/alice`, `arn:aws:iam::${A}:role/Admin`),
  session(`arn:aws:sts::${A}:assumed-role/Admin/alice@example.com`, `arn:aws:iam::${A}:role/Admin`),
  session(`arn:aws:sts::${A}:assumed-role/team/Admin/alice`, `arn:aws:iam::${A}:role/team/Admin`),
  session(`arn:aws:sts::${A}:assumed-role/Admin/i-0123456789abcdef0`, `arn:aws:iam::${A}:role/Admin`),
  session(`arn:aws-cn:sts::${A}:assumed-role/Admin/a`, `arn:aws-cn:iam::${A}:role/Admin`),
  session(`arn:aws-us-gov:sts::${A}:assumed-role/Admin/a`, `arn:aws-us-gov:iam::${A}:role/Admin`),
  session(`arn:aws-iso:sts::${A}:assumed-role/Admin/a`, `arn:aws-iso:iam::${A}:role/Admin`),
  session(`arn:aws-iso-b:sts::${A}:assumed-role/Admin/a`, `arn:aws-iso-b:iam::${A}:role/Admin`),
  session(`arn:aws-iso-e:sts::${A}:assumed-role/Admin/a`, `arn:aws-iso-e:iam::${A}:role/Admin`),
  session(`arn:aws-iso-f:sts::${A}:assumed-role/Admin/a`, `arn:aws-iso-f:iam::${A}:role/Admin`),
  session(`arn:aws-eusc:sts::${A}:assumed-role/Admin/a`, `arn:aws-eusc:iam::${A}:role/Admin`),
  session(
    `arn:aws:sts::${A}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice`,
    `arn:aws:iam::${A}:role/AWSReservedSSO_Admin_0123456789abcdef`,
  ),
  ...faults('not_an_arn', '', 'arn', 'arn:', ':::::', 'arn:aws', 'arn:aws:iam', 'arn:aws:iam::', `arn:aws:iam::${A}`),
  ...faults(
    'not_an_arn',
    `ARN:aws:iam::${A}:user/alice`,
    `xarn:aws:iam::${A}:user/alice`,
    ` arn:aws:iam::${A}:user/alice`,
  ),
  ...faults('not_an_arn', 'alice', `user/alice`, `https://arn:aws:iam::${A}:user/alice`, 'arn/aws/iam//1/user'),
  ...faults(
    'unknown_partition',
    `arn::iam::${A}:user/alice`,
    `arn:AWS:iam::${A}:user/alice`,
    `arn:evil:iam::${A}:root`,
  ),
  ...faults(
    'unknown_partition',
    `arn:aws-iso-x:iam::${A}:root`,
    `arn:aws :iam::${A}:root`,
    `arn:__proto__:iam::${A}:root`,
  ),
  ...faults(
    'unsupported_principal',
    `arn:aws:iam::${A}:group/admins`,
    `arn:aws:iam::${A}:policy/x`,
    `arn:aws:s3:::bucket`,
  ),
  ...faults('unsupported_principal', `arn:aws:iam::${A}:instance-profile/x`, `arn:aws:iam::${A}:saml-provider/x`),
  ...faults('unsupported_principal', `arn:aws:sts::${A}:assumed-role/Admin`, `arn:aws:sts::${A}:assumed-role`),
  ...faults(
    'unsupported_principal',
    `arn:aws:sts::${A}:role/Admin`,
    `arn:aws:sts::${A}:user/alice`,
    `arn:aws:sts::${A}:self`,
  ),
  ...faults('unsupported_principal', `arn:aws:iam::${A}:assumed-role/Admin/a`, `arn:aws:iam::${A}:federated-user/bob`),
  ...faults(
    'unsupported_principal',
    `arn:aws:ec2::${A}:role/Admin`,
    `arn:aws:::${A}:role/Admin`,
    `arn:aws:IAM::${A}:role/A`,
  ),
  ...faults(
    'unsupported_principal',
    `arn:aws:iam::${A}:Role/Admin`,
    `arn:aws:iam::${A}:`,
    `arn:aws:iam::${A}:roles/Admin`,
  ),
  ...faults('unsupported_principal', `arn:aws:iam::${A}:root:user/alice`, `arn:aws:iam::${A}:rolex/Admin`),
]
