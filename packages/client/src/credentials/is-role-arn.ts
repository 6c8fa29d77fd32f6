/** The session of an assumed role, which its user finds with `aws sts get-caller-identity`. */
const SESSION = /^arn:[\w-]+:sts::\d+:assumed-role\//

/** Returns whether a role may be an ARN to assume. AWS checks the rest. */
export function isRoleArn(role: string): boolean {
  return role.startsWith('arn:') && !SESSION.test(role)
}
