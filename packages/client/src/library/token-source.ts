import { getToken, type GetTokenOptions, type LibraryToken } from './get-token.ts'

/** A token for a cluster that is renewed when it is needed. */
export interface TokenSource {
  /**
   * Returns a token that is valid for 10 s or more. Calls at the same time share one renewal.
   *
   * @throws {CredentialsError} There is no token. The next call tries again.
   */
  token(): Promise<string>
}

/** The options of `createTokenSource`. */
export interface TokenSourceOptions extends GetTokenOptions {
  /** Makes a token. Default: `getToken` with the other options. */
  readonly makeToken?: ((options: GetTokenOptions) => Promise<LibraryToken>) | undefined
  /** Default: the clock. */
  readonly now?: (() => Date) | undefined
}

/** The time before `expiresAt` at which the next token is made, in milliseconds: time for the request that uses the token. */
const MARGIN_MS = 10_000

/** Creates a source of tokens for one cluster. Makes the first one when it is asked for. */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { makeToken = getToken, now = () => new Date(), ...tokenOptions } = options
  let current: LibraryToken | undefined
  let renewal: Promise<LibraryToken> | undefined

  const renew = async (): Promise<LibraryToken> => {
    try {
      current = await makeToken(tokenOptions)
      return current
    } finally {
      renewal = undefined
    }
  }
  return {
    async token() {
      if (current !== undefined && now().getTime() < current.expiresAt.getTime() - MARGIN_MS) return current.token
      renewal ??= renew()
      return (await renewal).token
    },
  }
}
