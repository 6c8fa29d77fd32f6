import { randomBytes } from 'node:crypto'
import type { Identity, Role } from './account.ts'

/** A default account for tests: one user, and roles with every kind of condition. */
const ACCOUNT_ID = '111122223333'

export const USER_KEY_ID: string = 'AKIAUSERUSERUSERUSER'

export const USER: Identity = {
  accountId: ACCOUNT_ID,
  arn: `arn:aws:iam::${ACCOUNT_ID}:user/staff/alice`,
  userId: 'AIDAALICEALICEALICEAL',
  secretAccessKey: randomBytes(30).toString('base64'),
}

/** Trusts the whole account. Has a path, which its sessions' ARN lacks. */
export const ROLE_ARN: string = roleArn('team/Reader')

/** Trusts only the sessions of {@link ROLE_ARN}. */
export const CHAINED_ROLE_ARN: string = roleArn('Chained')

/** Trusts the user with the external id `contract-7`, for up to two hours. */
export const PARTNER_ROLE_ARN: string = roleArn('Partner')

/** Trusts the user with {@link MFA_SERIAL} and the code 123456. */
export const MFA_ROLE_ARN: string = roleArn('Careful')
export const MFA_SERIAL: string = `arn:aws:iam::${ACCOUNT_ID}:mfa/alice`

/** Trusts the subject `system:serviceaccount:default:app` of `https://oidc.example.com`. */
export const WEB_IDENTITY_ROLE_ARN: string = roleArn('App')

export const identities: ReadonlyMap<string, Identity> = new Map([[USER_KEY_ID, USER]])

export const roles: ReadonlyMap<string, Role> = new Map<string, Role>([
  [ROLE_ARN, { roleId: 'AROAREADERREADERREADER', trusts: [`arn:aws:iam::${ACCOUNT_ID}:root`] }],
  [CHAINED_ROLE_ARN, { roleId: 'AROACHAINEDCHAINEDCHAI', trusts: [ROLE_ARN], maxSessionSeconds: 7200 }],
  [
    PARTNER_ROLE_ARN,
    { roleId: 'AROAPARTNERPARTNERPART', trusts: [USER.arn], externalId: 'contract-7', maxSessionSeconds: 7200 },
  ],
  [MFA_ROLE_ARN, { roleId: 'AROACAREFULCAREFULCARE', trusts: [USER.arn], mfa: { serial: MFA_SERIAL, code: '123456' } }],
  [
    WEB_IDENTITY_ROLE_ARN,
    {
      roleId: 'AROAAPPAPPAPPAPPAPPAPP',
      trusts: [],
      webIdentity: { issuer: 'https://oidc.example.com', subject: 'system:serviceaccount:default:app' },
    },
  ],
])

function roleArn(name: string): string {
  return `arn:aws:iam::${ACCOUNT_ID}:role/${name}`
}
