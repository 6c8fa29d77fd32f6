import type { Identity } from '../identity/caller-identity.ts'
import type { Mapped } from './decide.ts'

/** `status.user` of a TokenReview (Kubernetes API, authentication.k8s.io), without empty lists. */
export interface UserInfo {
  readonly username: string
  readonly uid: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** The answer to the API server for a mapped identity. For a scrubbed account it contains the username and groups only. */
export function userInfo(identity: Identity, { username, groups }: Mapped, scrubbed: boolean): UserInfo {
  const listed = groups.length > 0 ? { groups } : {}
  if (scrubbed) return { username, uid: `aws-iam-authenticator:administrative:${username}`, ...listed }
  return {
    username,
    uid: `aws-iam-authenticator:${identity.accountId}:${identity.userId}`,
    ...listed,
    extra: {
      accessKeyId: [identity.accessKeyId],
      arn: [identity.arn],
      canonicalArn: [identity.canonicalArn],
      principalId: [identity.userId],
      sessionName: [identity.sessionName],
      'sigs.k8s.io/aws-iam-authenticator/principalId': [identity.userId],
    },
  }
}
