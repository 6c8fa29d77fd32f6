import type { CredentialContext } from '../aws/context.ts'

/** The session of an assumed role, which its user finds with `aws sts get-caller-identity`. */
const SESSION = /^arn:[\w-]+:sts::\d+:assumed-role\//

/**
 * Checks that a role may be an ARN to assume. AWS checks the rest.
 *
 * @throws {CredentialsError} `invalid_settings`
 */
export async function checkRoleArn(context: CredentialContext, role: string): Promise<void> {
  if (role.startsWith('arn:') && !SESSION.test(role)) return
  const { notARoleArn } = await import('./probable-role.ts')
  throw await notARoleArn(context, role)
}
