import { hostileEncodings } from './hostile-encodings.ts'
import { hostileUrls } from './hostile-urls.ts'
import { hostileQueries } from './hostile-queries.ts'
import type { TokenRow } from './token-row.ts'

export type { GoodToken, TokenRow } from './token-row.ts'

/** Tokens made from a valid one that are refused, and some unusual ones that are left to STS. */
export const hostileTokens: readonly TokenRow[] = [...hostileEncodings, ...hostileUrls, ...hostileQueries]
