/** The name of the claim with AWS's own claims. */
const AWS_CLAIM = 'https://sts.amazonaws.com/'

/** Claims of a JWT, as STS makes them. Values may be of any type, so that tests can make wrong ones. */
export type JwtClaims = Readonly<Record<string, unknown>>

interface ClaimsOptions {
  readonly issuer: string
  readonly audience: string
  /** The ARN of a user, or of a role with its path. */
  readonly sub: string
  readonly now: Date
  /** AWS's own claims, besides `aws_account` and `source_region`. */
  readonly aws?: Readonly<Record<string, unknown>>
  readonly lifeSeconds?: number
}

/** The claims of a JWT that lives 900 s. */
export function jwtClaims({ issuer, audience, sub, now, aws = {}, lifeSeconds = 900 }: ClaimsOptions): JwtClaims {
  const iat = Math.floor(now.getTime() / 1000)
  return {
    iss: issuer,
    aud: audience,
    sub,
    iat,
    exp: iat + lifeSeconds,
    jti: '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0',
    [AWS_CLAIM]: { aws_account: sub.split(':')[4] ?? '', source_region: 'eu-west-2', ...aws },
  }
}
