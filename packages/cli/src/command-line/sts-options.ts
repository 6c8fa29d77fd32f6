import { parseDuration } from './duration.ts'
import { COMMAS_OR_BLANKS, list, textOr, type Option } from './option.ts'

const MAX_TOKEN_CACHE_MS = 120_000

/** The lifetime of a verified token in the cache, in milliseconds from 0 (no cache) to 120,000. */
export const TOKEN_CACHE_TTL: Option<number> = {
  ...textOr('30s', {
    flag: null,
    keys: ['server.tokenCacheTTL'],
    description: 'How long a verified token is remembered, 2m at most; 0 for not at all',
  }),
  fallback: 30_000,
  parse: ([written = '']) => {
    const milliseconds = parseDuration(written)
    if (milliseconds === undefined) throw new TypeError(`"${written}" is not a duration such as 30s or 1m30s`)
    if (milliseconds > MAX_TOKEN_CACHE_MS) throw new TypeError(`"${written}" is too long: 2m at most`)
    return milliseconds
  },
}

/** The name that AWS gives to the endpoint `sts.amazonaws.com`, which belongs to no region. */
const GLOBAL = 'aws-global'

// A country or continent, one or more places, and a number.
const REGION = /^[a-z]{2,8}(?:-[a-z]+)+-\d{1,2}$/

/** The regions whose STS endpoints are accepted, besides the server's own; null for all. */
export const STS_REGIONS: Option<ReadonlySet<string> | null> = list<ReadonlySet<string> | null>(
  {
    flag: null,
    keys: ['server.stsRegions'],
    separator: COMMAS_OR_BLANKS,
    read: (regions) => {
      const wrong = regions.find((region) => region !== GLOBAL && !REGION.test(region))
      if (wrong !== undefined) {
        throw new TypeError(`"${wrong}" is not an AWS region such as us-east-1, nor ${GLOBAL} for sts.amazonaws.com`)
      }
      const names = regions.map((region) => (region === GLOBAL ? 'global' : region))
      return names.length > 0 ? new Set(names) : null
    },
    description: 'The only regions whose STS is called, besides the region of this server',
  },
  null,
)
