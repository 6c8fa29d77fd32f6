import { randomBytes, randomInt } from 'node:crypto'

/** An access key and its owner. */
export interface Identity {
  readonly accountId: string
  readonly arn: string
  readonly userId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expires?: Date
  /** For a role session, the role: `arn` is the session's. */
  readonly roleArn?: string
  /** Set when a session was opened. Sessions opened from it keep it. */
  readonly sourceIdentity?: string
  /** The user of IAM Identity Center. */
  readonly identityStoreUserId?: string
  readonly tags?: Readonly<Record<string, string>>
  /** The audiences that its IAM policies allow in a JWT. Default: every one. */
  readonly audiences?: readonly string[]
}

/** A role and its trust policy. */
export interface Role {
  /** `AROA…`, the first part of the UserId of its sessions. */
  readonly roleId: string
  /** ARNs of users and roles; `arn:<partition>:iam::<account>:root` stands for the whole account. */
  readonly trusts: readonly string[]
  readonly externalId?: string
  readonly mfa?: { readonly serial: string; readonly code: string }
  /** Default 3600. */
  readonly maxSessionSeconds?: number
  /** The claims `iss` and `sub` that a web identity token must have. Without it there is no such trust. */
  readonly webIdentity?: { readonly issuer: string; readonly subject: string }
  /** The source identities that the trust policy allows. Default: every one. */
  readonly sourceIdentities?: readonly string[]
  /** The tags of its sessions. */
  readonly tags?: Readonly<Record<string, string>>
  /** The audiences that its IAM policies allow in a JWT. Default: every one. */
  readonly audiences?: readonly string[]
}

/** The accounts of the sandbox. Tests may change them at any time. */
export interface Accounts {
  /** By access key id. */
  readonly identities: Map<string, Identity>
  /** By ARN. */
  readonly roles: Map<string, Role>
}

/** The credentials of a new role session. */
export interface Session {
  readonly accessKeyId: string
  readonly identity: Identity & Required<Pick<Identity, 'sessionToken' | 'expires' | 'roleArn'>>
}

/** What a session takes over from its role and from the caller. */
type Inherited = Pick<Identity, 'sourceIdentity' | 'identityStoreUserId' | 'tags' | 'audiences'>

/** Creates temporary credentials for a role and accepts them. */
export function openSession(
  accounts: Accounts,
  role: { arn: string; roleId: string },
  name: string,
  expires: Date,
  inherited: Inherited = {},
): Session {
  const [, partition = '', , , accountId = '', resource = ''] = role.arn.split(':')
  const session: Session = {
    accessKeyId: `ASIA${base32(16)}`,
    identity: {
      ...inherited,
      accountId,
      // The path of a role is not part of its sessions' ARN.
      arn: `arn:${partition}:sts::${accountId}:assumed-role/${resource.slice(resource.lastIndexOf('/') + 1)}/${name}`,
      userId: `${role.roleId}:${name}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(300).toString('base64'),
      expires,
      roleArn: role.arn,
    },
  }
  accounts.identities.set(session.accessKeyId, session.identity)
  return session
}

/** True if the role trusts this caller by name, by the role of its session, or by its account. */
export function isTrusted(role: Role, caller: Identity): boolean {
  const [, partition = ''] = caller.arn.split(':')
  const names = new Set([caller.arn, caller.roleArn, `arn:${partition}:iam::${caller.accountId}:root`])
  return role.trusts.some((trusted) => names.has(trusted))
}

function base32(length: number): string {
  return Array.from({ length }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(randomInt(32))).join('')
}
