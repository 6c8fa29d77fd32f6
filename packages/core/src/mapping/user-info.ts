import type { Identity } from '../identity/caller-identity.ts'
import type { WebIdentity } from '../identity/web-identity.ts'
import type { Mapped } from './decide.ts'

/** `status.user` of a TokenReview (Kubernetes API, authentication.k8s.io), without empty lists. */
export interface UserInfo {
  readonly username: string
  readonly uid: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** The prefix of the extra keys of a JWT login. Authentication by configuration allows only keys in lower case that have a domain. */
export const JWT_EXTRA = 'aws-iam-authenticator/'

/**
 * The uid and the extra values of a JWT login. `authentication-config` prints expressions that give the same. The classic keys are missing,
 * because the API server refuses them in a configuration.
 */
function jwtFields(identity: Identity, web: WebIdentity): Pick<UserInfo, 'uid' | 'extra'> {
  const values = {
    arn: identity.arn,
    'canonical-arn': identity.canonicalArn,
    'source-identity': web.sourceIdentity,
    'identity-store-user-id': web.identityStoreUserId,
  }
  const extra = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[`${JWT_EXTRA}${name}`, [value]] as const],
  )
  return { uid: `aws-iam-authenticator:${identity.accountId}:${identity.arn}`, extra: Object.fromEntries(extra) }
}

/** The answer to the API server for a mapped identity. For a scrubbed account it contains the username and groups only. */
export function userInfo(identity: Identity, { username, groups }: Mapped, scrubbed: boolean): UserInfo {
  const listed = groups.length > 0 ? { groups } : {}
  if (scrubbed) return { username, uid: `aws-iam-authenticator:administrative:${username}`, ...listed }
  if (identity.web !== undefined) return { username, ...listed, ...jwtFields(identity, identity.web) }
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
