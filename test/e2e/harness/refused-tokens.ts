import { openSession } from '@aws-iam-authenticator/sandbox/aws/account'
import { ROLE_ARN, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { addIdentity, signToken, userToken } from './webhook.ts'

const MINUTE_MS = 60_000

function inMinutes(minutes: number): Date {
  return new Date(Date.now() + minutes * MINUTE_MS)
}

/** A token of a session of the example role that expires then. */
function sessionToken(aws: SandboxAws, expires: Date): { readonly token: string; revoke(): void } {
  const role = { arn: ROLE_ARN, roleId: 'AROAREADERREADERREADER' }
  const { accessKeyId, identity } = openSession(aws.sts, role, 'bob', expires)
  return { token: signToken(accessKeyId, identity), revoke: () => aws.sts.identities.delete(accessKeyId) }
}

type RefusedToken = readonly [name: string, token: string, reason: string, asked: boolean]

/** Refused tokens, the reason, and whether STS must be called. */
export function refusedTokens(aws: SandboxAws): readonly RefusedToken[] {
  const revoked = sessionToken(aws, inMinutes(60))
  revoked.revoke()
  const [deletedKey, deleted] = addIdentity(aws, USER)
  aws.sts.identities.delete(deletedKey)
  const [stranger, unmapped] = addIdentity(aws, { ...USER, arn: `${USER.arn}-too` })
  return [
    ['a token for another cluster', userToken({ clusterId: 'other.local' }), 'bad_signature', true],
    [
      'a token signed with a wrong secret',
      signToken(USER_KEY_ID, { ...USER, secretAccessKey: 'wrong' }),
      'bad_signature',
      true,
    ],
    ['a key that was deleted', signToken(deletedKey, deleted), 'unknown_key', true],
    ['a session that was revoked', revoked.token, 'unknown_key', true],
    ['a session that has expired', sessionToken(aws, inMinutes(-1)).token, 'expired', true],
    ['a token of 16 minutes ago', userToken({ date: inMinutes(-16) }), 'expired', false],
    ['a token of in 6 minutes', userToken({ date: inMinutes(6) }), 'clock_ahead', false],
    ['a token for a host that is no STS', userToken({ host: 'sts.evil.example' }), 'wrong_host', false],
    ['a token for China', userToken({ host: 'sts.cn-north-1.amazonaws.com.cn' }), 'wrong_host', false],
    ['a token that is cut', userToken().slice(0, 100), 'malformed_token', false],
    ['nobody that is mapped', signToken(stranger, unmapped), 'not_mapped', true],
  ]
}
