import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'

/** A valid token, which the rows of a table alter. */
export interface GoodToken {
  /** `https://<host>/?<query>`. */
  readonly url: string
  readonly host: string
  readonly query: string
  /** The time of its X-Amz-Date. */
  readonly signedAt: Date
}

/** An altered token and its expected outcome: refused for a reason, or sent to STS, which then decides. */
export type TokenRow = {
  readonly name: string
  /** Makes the bearer token. */
  readonly make: (good: GoodToken) => string
} & ({ readonly reason: ReasonCode } | { readonly passesToSts: true })

/** The bearer token of any text, in UTF-8; independent of the encoder under test. */
export function tokenOf(text: string | Uint8Array): string {
  return `k8s-aws-v1.${Buffer.from(text).toString('base64url')}`
}

/** The token with another host or other text instead of the host. */
export function withHost(good: GoodToken, host: string): string {
  return tokenOf(`https://${host}/?${good.query}`)
}

/** The token with another query. */
export function withQuery(good: GoodToken, query: string): string {
  return tokenOf(`https://${good.host}/?${query}`)
}

/** The token with text after its last parameter. */
export function appending(good: GoodToken, text: string): string {
  return withQuery(good, good.query + text)
}

/** The token with other text for the parameter of that exact name; null removes it. */
export function replacing(good: GoodToken, name: string, text: string | null): string {
  const parts = good.query.split('&')
  if (!parts.some((part) => part.startsWith(`${name}=`))) throw new TypeError(`the good token has no ${name}`)
  return withQuery(
    good,
    parts
      .map((part) => (part.startsWith(`${name}=`) ? text : part))
      .filter((part) => part !== null)
      .join('&'),
  )
}

/** The percent-encoded value of a parameter. */
export function valueOf(good: GoodToken, name: string): string {
  return (
    good.query
      .split('&')
      .find((part) => part.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? ''
  )
}
