import { requestJwt } from '@aws-iam-authenticator/client/jwt/request-jwt'
import { presignCallerIdentity } from '@aws-iam-authenticator/client/sts/presign'
import { encodeToken } from '@aws-iam-authenticator/core/token/codec'
import type { AwsIdentity } from './check-aws.ts'
import type { Examination } from './check.ts'
import type { ExecEntry } from './exec-entry.ts'

/** A new token, and the time when it was made, by AWS's clock. */
export interface NewToken {
  readonly token: string
  readonly madeAt: Date
}

/** Makes the token that the exec entry asks for. AWS signs a JWT, which is a check of its own. */
export async function makeToken(
  examination: Examination,
  entry: ExecEntry | undefined,
  identity: AwsIdentity | undefined,
  now: () => Date,
): Promise<NewToken | undefined> {
  if (entry === undefined) return undefined
  const { clusterId, jwt } = entry
  if (jwt !== undefined) {
    return await examination.check('jwt', identity, async ({ context, credentials, now: awsTime }) => {
      const { token, expiration } = await requestJwt({ context, credentials, ...jwt, now })
      const found = `AWS signs one for audience "${jwt.audience}" with ${jwt.algorithm}, until ${expiration.toISOString()}`
      return { found, value: { token, madeAt: awsTime() } }
    })
  }
  if (identity === undefined) return undefined
  const { context, credentials } = identity
  const madeAt = identity.now()
  const { endpoint } = context.settings
  const url = await presignCallerIdentity({ clusterId, credentials, endpoint, now: madeAt })
  return { token: encodeToken(url), madeAt }
}
