import { Refusal } from '../reasons.ts'
import { property } from '../untrusted.ts'
import { canonicalizeArn, type PrincipalKind } from './arn.ts'

/** Who signed a token, as STS says. */
export interface Identity {
  /** As STS returned it, such as `arn:aws:sts::123456789012:assumed-role/Admin/alice`. */
  readonly arn: string
  readonly canonicalArn: string
  readonly kind: PrincipalKind
  /** 12 digits. */
  readonly accountId: string
  /** The unique id of the principal, without a session name: `AROA…`, `AIDA…`, an account id for root. */
  readonly userId: string
  /** Empty where the principal has no session. */
  readonly sessionName: string
  readonly accessKeyId: string
}

const ACCOUNT_ID = /^\d{12}$/

function badAnswer(message: string): Refusal {
  return new Refusal('sts_bad_answer', message)
}

/** A role's session has the user id `<role id>:<session name>`; every other principal's id is taken whole. */
function splitUserId(userId: string, kind: PrincipalKind): { userId: string; sessionName: string } | null {
  if (userId === '') return null
  if (kind !== 'role') return { userId, sessionName: '' }
  const [id = '', sessionName, ...rest] = userId.split(':')
  return id !== '' && sessionName !== undefined && rest.length === 0 ? { userId: id, sessionName } : null
}

/**
 * Reads the JSON answer of STS to GetCallerIdentity, field by field.
 *
 * @see {@link https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html | GetCallerIdentity}
 */
export function parseCallerIdentity(body: string, accessKeyId: string): Identity | Refusal {
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    return badAnswer('the answer is no JSON')
  }
  const result = property(property(answer, 'GetCallerIdentityResponse'), 'GetCallerIdentityResult')
  const account = property(result, 'Account')
  const arn = property(result, 'Arn')
  const userId = property(result, 'UserId')
  if (typeof account !== 'string' || typeof arn !== 'string' || typeof userId !== 'string') {
    return badAnswer('the answer lacks Account, Arn or UserId')
  }
  const principal = canonicalizeArn(arn)
  if (principal === 'not_an_arn') return badAnswer('the Arn in the answer is not an ARN')
  if (principal === 'unknown_partition') {
    return new Refusal('unsupported_identity', 'the Arn in the answer is of a partition that is not known')
  }
  if (principal === 'unsupported_principal') {
    return new Refusal('unsupported_identity', 'the Arn in the answer is no user, role, root or federated user')
  }
  if (!ACCOUNT_ID.test(account) || principal.accountId !== account) {
    return badAnswer('the Account in the answer is not the account of the Arn')
  }
  const id = splitUserId(userId, principal.kind)
  if (id === null) return badAnswer('the UserId in the answer is not of the form <id>:<session name>')
  return { arn, canonicalArn: principal.canonicalArn, kind: principal.kind, accountId: account, ...id, accessKeyId }
}
