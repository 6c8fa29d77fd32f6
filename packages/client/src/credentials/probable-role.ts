import { partitionOfRegion } from '@aws-iam-authenticator/core/aws/partition'
import { withTimeLimit } from '@aws-iam-authenticator/network/time-limit'
import { CredentialsError } from '../aws/credentials-error.ts'
import { reachableProfiles } from '../aws/shared-config.ts'
import type { CredentialContext } from '../aws/context.ts'
import { callerArn } from './caller-arn.ts'
import { resolveCredentials } from './chain.ts'

/** Keys of a profile that hold an ARN of its account. */
const ARN_KEYS = ['role_arn', 'mfa_serial']

/** The placeholder of an account that is not known. */
const ANY = 'ACCOUNT'

/** Time limit for finding the account, in milliseconds. The error is clear without it. */
const PATIENCE_MS = 3_000

/** The account of the profile in use, by its settings. */
function accountOfProfile({ settings }: CredentialContext): string | undefined {
  for (const profile of reachableProfiles(settings.sharedConfig)) {
    const arns = ARN_KEYS.map((key) => profile.get(key)?.split(':')[4])
    const account = [profile.get('sso_account_id'), ...arns].find((id) => id !== undefined && /^\d{12}$/.test(id))
    if (account !== undefined) return account
  }
  return undefined
}

/** The account of the credentials, asked from STS. Nobody is asked for an MFA code. */
async function accountOfCredentials(context: CredentialContext): Promise<string | undefined> {
  try {
    const arn = await withTimeLimit(PATIENCE_MS, new Error('no answer in time'), async () => {
      const credentials = await resolveCredentials({ ...context, mfaCodeProvider: undefined })
      return await callerArn(context, credentials)
    })
    return arn.split(':')[4]
  } catch {
    return undefined
  }
}

/** The error for a role that is not an ARN of one, with the ARN that it probably means. */
export async function notARoleArn(context: CredentialContext, role: string): Promise<CredentialsError> {
  const words = role.split(':')
  const [, partition, , , ownAccount] = words[0] === 'arn' ? words : []
  const numbered = words.length === 2 && /^\d{12}$/.test(words[0] ?? '') ? words[0] : undefined
  const account = ownAccount ?? numbered ?? accountOfProfile(context) ?? (await accountOfCredentials(context)) ?? ANY
  // The path of a session has the role's name before that of the session.
  const path = words.at(-1)?.split('/') ?? []
  const name = path[0] === 'assumed-role' ? path[1] : path.slice(path[0] === 'role' ? 1 : 0).join('/')
  const arn = `arn:${partition ?? partitionOfRegion(context.settings.region).id}:iam::${account}:role/${name ?? ''}`
  const what = ownAccount === undefined ? 'is not an ARN' : 'is the ARN of a session, not of a role'
  const hint = account === ANY ? `, with the account's 12 digits for ${ANY}` : ''
  return new CredentialsError('invalid_settings', `role "${role}" ${what}: write ${arn}${hint}`)
}
