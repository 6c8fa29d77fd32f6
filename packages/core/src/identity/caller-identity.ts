import { Refusal } from '../errors/reasons.ts'
import { parseJsonValue, property, textAt } from '../untrusted.ts'
import { canonicalizeArn, type Principal, type PrincipalKind } from './arn.ts'
import type { WebIdentity } from './web-identity.ts'

/** The principal that a token proves: the signer of a presigned token, as reported by STS, or the subject of an AWS-signed JWT. */
export interface Identity {
  /** As returned by STS, such as `arn:aws:sts::123456789012:assumed-role/Admin/alice`, or the claim `sub` with the path of the role. */
  readonly arn: string
  readonly canonicalArn: string
  readonly kind: PrincipalKind
  /** 12 digits. */
  readonly accountId: string
  /** The unique id of the principal, without a session name: `AROA…`, `AIDA…`, an account id for root. Empty for a JWT, which has none. */
  readonly userId: string
  /** Empty if the principal has no session, and for a JWT. */
  readonly sessionName: string
  /** Empty for a JWT. */
  readonly accessKeyId: string
  /** Only for a JWT. */
  readonly web?: WebIdentity
}

// The formats that AWS allows (IAM and STS API references). The patterns have no flags, so `\w` and `\d` match ASCII only.
const ACCOUNT_ID = /^\d{12}$/
/** Printable ASCII without spaces, at most as long as an ARN. */
const PRINTABLE = /^[!-~]{1,2048}$/
const UNIQUE_ID = /^[A-Z0-9]{1,128}$/
/** Names of users and roles. */
const NAME = /^[\w+=,.@-]{1,64}$/
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/
const FEDERATED_NAME = /^[\w+=,.@-]{2,32}$/

/** The parts of a UserId. Null if ARN and UserId do not belong to one principal. */
type UserIds = Pick<Identity, 'userId' | 'sessionName'> | null

function lastPart(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1)
}

/** Reads the UserId of a session of a role. STS never names the role itself. Both ARN and UserId end with the name of the session. */
function readSession(userId: string, roleName: string, resource: string, name: string): UserIds {
  if (!resource.startsWith('assumed-role/') || !SESSION_NAME.test(name) || !NAME.test(roleName)) return null
  const id = userId.slice(0, userId.indexOf(':'))
  return UNIQUE_ID.test(id) && userId === `${id}:${name}` ? { userId: id, sessionName: name } : null
}

/**
 * Reads a UserId by the kind of its principal. AWS returns `<account>` for root, `<account>:<name>` for a federated user,
 * `<unique id>` for a user and `<unique id>:<session name>` for a session of a role.
 *
 * @param resource The last part of the ARN, such as `assumed-role/Admin/alice`.
 * @see {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable | Principal key values}
 */
function readUserId(userId: string, { kind, accountId, canonicalArn }: Principal, resource: string): UserIds {
  const name = lastPart(resource)
  if (kind === 'role') return readSession(userId, lastPart(canonicalArn), resource, name)
  const isOfForm = {
    root: resource === 'root' && userId === accountId,
    user: resource.startsWith('user/') && NAME.test(name) && UNIQUE_ID.test(userId),
    'federated-user':
      resource === `federated-user/${name}` && FEDERATED_NAME.test(name) && userId === `${accountId}:${name}`,
  }
  return isOfForm[kind] ? { userId, sessionName: '' } : null
}

function badAnswer(message: string): Refusal {
  return new Refusal('sts_bad_answer', message)
}

/** Builds an identity from the fields of an answer. */
function readFields(account: string, arn: string, userId: string, accessKeyId: string): Identity | Refusal {
  if (![account, arn, userId].every((field) => PRINTABLE.test(field))) {
    return badAnswer('Account, Arn or UserId in the answer is too long, empty, or not printable ASCII')
  }
  const principal = canonicalizeArn(arn)
  if (principal === 'not_an_arn') return badAnswer('the Arn in the answer is not an ARN')
  if (principal === 'unknown_partition') {
    return new Refusal('unsupported_identity', 'the Arn in the answer is of a partition that is not known')
  }
  if (principal === 'unsupported_principal') {
    return new Refusal('unsupported_identity', 'the Arn in the answer is not a user, role, root or federated user')
  }
  const { canonicalArn, kind, accountId } = principal
  if (!ACCOUNT_ID.test(account) || accountId !== account) {
    return badAnswer('the Account in the answer is not the account of the Arn')
  }
  const [, , , region, , ...resource] = arn.split(':')
  const ids = region === '' ? readUserId(userId, principal, resource.join(':')) : null
  if (ids === null) return badAnswer('the Arn and the UserId in the answer do not have the form that AWS gives them')
  return { arn, canonicalArn, kind, accountId, ...ids, accessKeyId }
}

/**
 * Reads the JSON answer of STS to GetCallerIdentity. Each field must have the form that AWS gives it, and all fields must name the same
 * principal, because the answer may come from a host between this server and STS.
 *
 * @see {@link https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html | GetCallerIdentity}
 */
export function parseCallerIdentity(body: string, accessKeyId: string): Identity | Refusal {
  const answer = parseJsonValue(body)
  if (answer === undefined) return badAnswer('the answer is not JSON')
  const result = property(property(answer, 'GetCallerIdentityResponse'), 'GetCallerIdentityResult')
  const [account, arn, userId] = [textAt(result, 'Account'), textAt(result, 'Arn'), textAt(result, 'UserId')]
  if (account === undefined || arn === undefined || userId === undefined) {
    return badAnswer('the answer lacks Account, Arn or UserId')
  }
  return readFields(account, arn, userId, accessKeyId)
}
