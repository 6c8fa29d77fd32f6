import { findWrittenLine, replaceWrittenLine } from '@aws-iam-authenticator/core/edit/written-line'
import { isRecord, messageOf, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Credentials } from '../aws/credentials.ts'
import { hasJwtForm, type Jwt } from '../aws/jwt.ts'
import { readCacheFile, readCacheFileLocked, replaceCacheFile } from './cache-file.ts'

// Our own key, next to the Go program's `clusters`.
const KEY = 'aws-iam-authenticator'

// The credentials must outlive the request to the API server, on clocks that differ a little.
const MARGIN_MS = 2 * 60 * 1000

// The characters that AWS uses. YAML could misread others.
const PRINTABLE = /^[\x21-\x7e]+$/

/** Room for the entries, in bytes. Entries of other programs have room in the file too. */
const MAX_ENTRIES_BYTES = 1024 * 1024

/** Temporary credentials in the file. */
interface CredentialsEntry extends Record<string, string> {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** RFC 3339. */
  readonly expiration: string
}

/** A JWT in the file. */
interface JwtEntry extends Record<string, string> {
  readonly jwt: string
  /** RFC 3339. */
  readonly expiration: string
}

type Entry = CredentialsEntry | JwtEntry

interface CredentialCacheOptions {
  readonly path: string
  /** AWS's time if it is known, else this machine's. */
  readonly now: () => Date
  /** Called with the reason if the cache can't be used. */
  readonly warn: (message: string) => void
}

/** Temporary credentials by key, in a file that later processes read. */
export interface CredentialCache {
  /** The credentials under that key, unless they expire within 2 minutes. */
  find(key: string, source: string): Credentials | undefined
  /** Keeps temporary credentials. Ignores credentials that don't expire. */
  keep(key: string, credentials: Credentials): void
  /** Writes the kept credentials to the file, if there are any, and drops expired ones. */
  save(): Promise<void>
}

/** JWTs in the same file. */
export interface JwtCache extends CredentialCache {
  /** The JWT under that key, unless it expires within 2 minutes. */
  findJwt(key: string): Jwt | undefined
  keepJwt(key: string, jwt: Jwt): void
}

function parseEntry(value: unknown): Entry | undefined {
  const [accessKeyId, secretAccessKey, sessionToken, jwt, expiration] = [
    textAt(value, 'accessKeyId'),
    textAt(value, 'secretAccessKey'),
    textAt(value, 'sessionToken'),
    textAt(value, 'jwt'),
    textAt(value, 'expiration'),
  ]
  if (jwt !== undefined && expiration !== undefined && hasJwtForm(jwt)) return { jwt, expiration }
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  if (sessionToken === undefined || expiration === undefined) return undefined
  return { accessKeyId, secretAccessKey, sessionToken, expiration }
}

/** Loads the YAML editor, for a file that other programs write too. */
function loadYaml(): Promise<typeof import('@aws-iam-authenticator/core/edit/top-level-line')> {
  return import('@aws-iam-authenticator/core/edit/top-level-line')
}

function parseEntries(value: unknown): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  if (!isRecord(value)) return entries
  for (const [key, candidate] of Object.entries(value)) {
    const entry = parseEntry(candidate)
    if (entry !== undefined) entries.set(key, entry)
  }
  return entries
}

function isJwt(entry: Entry): entry is JwtEntry {
  return 'jwt' in entry
}

/** The newest entries that have room. */
function newest(entries: ReadonlyMap<string, Entry>): Readonly<Record<string, Entry>> {
  let left = MAX_ENTRIES_BYTES
  const fitting = [...entries].reverse().filter((pair) => (left -= JSON.stringify(pair).length) >= 0)
  return Object.fromEntries(fitting.reverse())
}

function lasts({ expiration }: Entry, now: Date): boolean {
  return Date.parse(expiration) - now.getTime() > MARGIN_MS
}

function entryOf(credentials: Credentials): Entry | undefined {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials
  if (sessionToken === undefined || expiration === undefined) return undefined
  if (![accessKeyId, secretAccessKey, sessionToken].every((text) => PRINTABLE.test(text))) return undefined
  return { accessKeyId, secretAccessKey, sessionToken, expiration: expiration.toISOString() }
}

async function entriesIn(text: string): Promise<Map<string, Entry>> {
  if (text === '') return new Map()
  return parseEntries(findWrittenLine(text, KEY) ?? (await loadYaml()).readTopLevelLine(text, KEY))
}

/** Opens the cache. After a failure it warns once, and the cache stays empty. */
export async function openCredentialCache({ path, now, warn }: CredentialCacheOptions): Promise<JwtCache> {
  let isUsable = true
  let entries = new Map<string, Entry>()
  const kept = new Map<string, Entry>()

  function giveUp(error: unknown): void {
    isUsable = false
    const message =
      error instanceof TypeError ? `${path} can't be parsed: ${error.message}: delete it` : messageOf(error)
    warn(`unable to use cache: ${message}`)
  }

  try {
    entries = await entriesIn(readCacheFile(path)).catch(async (error: unknown) => {
      if (!(error instanceof TypeError)) throw error
      return await entriesIn(await readCacheFileLocked(path))
    })
  } catch (error) {
    giveUp(error)
  }

  return {
    find(key, source) {
      const entry = entries.get(key)
      if (entry === undefined || isJwt(entry) || !lasts(entry, now())) return undefined
      const { expiration, ...keys } = entry
      return { ...keys, expiration: new Date(expiration), source }
    },
    keep(key, credentials) {
      const entry = entryOf(credentials)
      if (entry !== undefined && lasts(entry, now())) kept.set(key, entry)
    },
    findJwt(key) {
      const entry = entries.get(key)
      if (entry === undefined || !isJwt(entry) || !lasts(entry, now())) return undefined
      return { token: entry.jwt, expiration: new Date(entry.expiration) }
    },
    keepJwt(key, { token, expiration }) {
      const entry = { jwt: token, expiration: expiration.toISOString() }
      if (lasts(entry, now())) kept.set(key, entry)
    },
    async save() {
      if (!isUsable || kept.size === 0) return
      try {
        await replaceCacheFile(path, async (text) => {
          const all = new Map([...(await entriesIn(text)), ...kept])
          const lasting = newest(new Map([...all].filter(([, entry]) => lasts(entry, now()))))
          return replaceWrittenLine(text, KEY, lasting) ?? (await loadYaml()).setTopLevelLine(text, KEY, lasting)
        })
      } catch (error) {
        giveUp(error)
      }
    },
  }
}

/** The number of sets of credentials, and of JWTs. */
interface Removed {
  readonly credentials: number
  readonly jwts: number
}

/**
 * Removes our credentials and JWTs from the cache file, and leaves what other programs keep.
 *
 * @returns What was removed.
 * @throws {FileError} The file can't be read or written.
 * @throws {TypeError} The file is not YAML.
 */
export async function clearCredentialCache(path: string): Promise<Removed> {
  let removed: Removed = { credentials: 0, jwts: 0 }
  if (readCacheFile(path) === '') return removed
  const { setTopLevelLine } = await loadYaml()
  await replaceCacheFile(path, async (text) => {
    const entries = [...(await entriesIn(text)).values()]
    const jwts = entries.filter(isJwt).length
    removed = { credentials: entries.length - jwts, jwts }
    return setTopLevelLine(text, KEY, undefined)
  })
  return removed
}
