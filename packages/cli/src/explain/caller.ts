import { canonicalizeArn } from '@aws-iam-authenticator/core/identity/arn'
import { withoutRolePath } from '@aws-iam-authenticator/core/mapping/parse-arn'
import { UsageError } from '../command-line/usage-error.ts'
import type { Caller } from './explanation.ts'

// Placeholders for unknown values. A rendered template shows them unchanged.
const UNKNOWN_SESSION = '{{SessionName}}'
const UNKNOWN_KEY = '{{AccessKeyID}}'

const ACCOUNT_ID = /^\d{12}$/
const SESSION = /^arn:[^:]+:sts::\d{12}:assumed-role\/.+\/([^/]+)$/

/**
 * Builds the identity that STS would return for the owner of an ARN. Role ARNs of STS have no path.
 *
 * @throws {UsageError} The ARN or the session name is not valid.
 */
export function callerOfArn(
  arn: string,
  given: { readonly userId: string | null; readonly sessionName: string | null },
): Caller {
  const principal = canonicalizeArn(arn)
  if (typeof principal === 'string') {
    const example = 'arn:aws:iam::123456789012:role/Admin'
    throw new UsageError(`invalid argument for --arn: "${arn}" is not the ARN of a role or a user, such as ${example}`)
  }
  const { kind, accountId } = principal
  if (!ACCOUNT_ID.test(accountId)) {
    throw new UsageError(`invalid argument for --arn: "${arn}" has no account id of 12 digits`)
  }
  const written = SESSION.exec(arn)?.[1] ?? null
  if (given.sessionName !== null && kind !== 'role') {
    throw new UsageError('invalid argument for --session-name: only sessions of roles have names')
  }
  if (given.sessionName !== null && written !== null && written !== given.sessionName) {
    throw new UsageError(`invalid argument for --session-name: the ARN has the name ${written}`)
  }
  const session = given.sessionName ?? written
  const canonicalArn = withoutRolePath(principal.canonicalArn)
  const [, partition = '', , , , resource = ''] = canonicalArn.split(':')
  const sessionName = kind === 'role' ? (session ?? UNKNOWN_SESSION) : ''
  const name = resource.slice('role/'.length)
  const userId = given.userId ?? (kind === 'root' ? accountId : '')
  return {
    identity: {
      arn: kind === 'role' ? `arn:${partition}:sts::${accountId}:assumed-role/${name}/${sessionName}` : arn,
      canonicalArn,
      kind,
      accountId,
      userId,
      sessionName,
      accessKeyId: UNKNOWN_KEY,
    },
    hasSessionName: kind !== 'role' || session !== null,
    hasUserId: userId !== '',
  }
}
