/** What a token is checked for before STS is asked, in this order. */
export const TOKEN_CHECKS = [
  'prefix',
  'size',
  'encoding',
  'url',
  'host',
  'parameters',
  'cluster_header',
  'lifetime',
  'clock',
  'access_key',
] as const

export type TokenCheck = (typeof TOKEN_CHECKS)[number]

/** Told of each check that a token has passed. Where a token is refused, it is by the first check that was not told. */
export type OnPassed = (check: TokenCheck) => void

export const ignoreCheck: OnPassed = () => undefined
