import { randomUUID } from 'node:crypto'
import { createTokenIssuer, type TokenIssuer } from './token-issuer.ts'
import { hostName, type Route } from './wire.ts'

/** The issuers of all accounts, each on a host of its own. */
export interface Issuers extends Route {
  /** The issuer of an account. Created at the first use, because making its keys takes time. */
  of(accountId: string): TokenIssuer
}

export function createIssuers(): Issuers {
  const byAccount = new Map<string, TokenIssuer>()
  const find = (host: string): TokenIssuer | undefined => [...byAccount.values()].find((issuer) => issuer.matches(host))
  return {
    of(accountId) {
      const issuer = byAccount.get(accountId) ?? createTokenIssuer(randomUUID())
      byAccount.set(accountId, issuer)
      return issuer
    },
    matches: (host) => find(host) !== undefined,
    async handle(request) {
      return (await find(hostName(request.host))?.handle(request)) ?? { status: 404, headers: {}, body: '' }
    },
  }
}
