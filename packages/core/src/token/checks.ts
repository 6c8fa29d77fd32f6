/** The checks of a token before the call to STS, in order. */
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

/** Called after each check that a token passes. A refused token failed the first check that was not reported. */
export type OnPassed = (check: TokenCheck) => void

export const ignoreCheck: OnPassed = () => undefined
