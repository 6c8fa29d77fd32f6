import { createVerify, createPublicKey } from 'node:crypto'
import type { Test } from 'tap'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'

/** A decoded JWT. */
interface Decoded {
  readonly algorithm: string | undefined
  readonly claims: unknown
  /** AWS's own claims. */
  readonly aws: unknown
  /** The seconds from its issue to its end. */
  readonly seconds: number
}

function decodePart(part = ''): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}

/** Decodes a JWT whose signature is that of the account's issuer. */
export function decodeJwt(t: Test, aws: InProcessAws, token: string): Decoded {
  const [head = '', payload = '', signature = ''] = token.trim().split('.')
  const header = decodePart(head)
  const issuer = aws.issuers.of(USER.accountId)
  const keys: readonly unknown[] = [property(JSON.parse(issuer.jwks()), 'keys')].flat()
  const jwk = keys.find((key) => textAt(key, 'kid') === textAt(header, 'kid'))
  if (!isRecord(jwk)) throw new Error('the issuer does not have the key of the token')
  const algorithm = textAt(header, 'alg')
  const verify = createVerify(algorithm === 'RS256' ? 'sha256' : 'sha384').update(`${head}.${payload}`)
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  t.ok(verify.verify({ key, dsaEncoding: 'ieee-p1363' }, signature, 'base64url'), 'the signature is sound')
  const claims = decodePart(payload)
  t.equal(textAt(claims, 'iss'), issuer.url)
  const seconds = Number(property(claims, 'exp')) - Number(property(claims, 'iat'))
  return { algorithm, claims, aws: property(claims, 'https://sts.amazonaws.com/'), seconds }
}
