import type { PartitionId } from '../aws/partition.ts'
import { AWS_CLAIM, CLAIM_FORMS, type TextClaim } from '../identity/web-identity.ts'
import { AWS, literal, literals } from './cel.ts'

/** A rule of an AuthenticationConfiguration. A JWT or user that does not meet it is refused. */
export interface Rule {
  readonly expression: string
  readonly message: string
}

/** AWS's limit of the life of a JWT, in seconds. */
const MAX_LIFE = 3_600

/** The regular expression of `sub`, as `readWebIdentity` reads it, in one partition. */
function subForm(partition: PartitionId): string {
  const resource = CLAIM_FORMS.resource.source.slice(1).replaceAll(String.raw`\/`, '/')
  return `^arn:${partition}:iam::[0-9]{12}:${resource}`
}

/** A rule for an optional claim with a text. */
function formRule(claim: TextClaim): Rule {
  const { source } = CLAIM_FORMS[claim]
  return {
    expression: `!(${literal(claim)} in ${AWS}) || ${AWS}.${claim}.matches(${literal(source)})`,
    message: `the claim ${claim} does not have the form that AWS gives it`,
  }
}

/** The rules for the claims of an issuer's JWTs. They refuse what `readWebIdentity` and the server's checks refuse. */
export function claimRules(accounts: readonly string[], partition: PartitionId): readonly Rule[] {
  const path = CLAIM_FORMS.ou_path.source
  return [
    {
      expression: `claims.sub.matches(${literal(subForm(partition))})`,
      message: `the claim sub is not the ARN of an IAM role or user in the partition ${partition}`,
    },
    {
      expression: `claims.sub.split(':')[4] == ${AWS}.aws_account`,
      message: `the account of the claim sub is not the aws_account of ${AWS_CLAIM}`,
    },
    {
      expression: `${AWS}.aws_account in ${literals(accounts)}`,
      message: 'the account is not one of those that may log in by this issuer',
    },
    {
      expression: `claims.exp - claims.iat <= ${MAX_LIFE}.0 && claims.exp > claims.iat`,
      message: `the JWT is valid for more than ${MAX_LIFE} seconds`,
    },
    formRule('source_identity'),
    formRule('identity_store_user_id'),
    formRule('org_id'),
    {
      expression: `!('ou_path' in ${AWS}) || (type(${AWS}.ou_path) == string ? [${AWS}.ou_path] : ${AWS}.ou_path).all(path, path.matches(${literal(path)}))`,
      message: 'the claim ou_path does not have the form that AWS gives it',
    },
    {
      expression: `${AWS}.?principal_tags.orValue({}).all(key, type(${AWS}.principal_tags[?key].orValue('')) == string)`,
      message: 'the claim principal_tags has a value that is not a text',
    },
  ]
}
