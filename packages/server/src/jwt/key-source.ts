import { basename } from 'node:path'
import type { TrustedIssuer } from '@aws-iam-authenticator/core/configuration/web-identity-settings'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Dispatcher } from 'undici'
import { followFile } from '../backends/follow-file.ts'
import type { Timing } from '../util/timing.ts'
import { fetchKeySet } from './fetch-key-set.ts'
import { MAX_KEY_SET_BYTES, readKeySet, type KeySet } from './key-set.ts'

/** How often keys are fetched, in milliseconds. */
const REFRESH_MS = 300_000
/** The time until the next try after a failure, in milliseconds. */
const RETRY_MS = 10_000
/** The shortest time between two fetches, in milliseconds. Anyone can send a JWT with an unknown `kid`. */
const MIN_INTERVAL_MS = 10_000

/** The state of an issuer's keys, as the status shows it. */
export interface KeysReport {
  readonly issuer: string
  /** A file, or the URL of the document. */
  readonly source: string
  readonly keys: number
  /** When the keys were last read; null if never. */
  readonly updatedAt: string | null
  /** Why the last read failed; null if it did not. The last good keys are used meanwhile. */
  readonly fault: string | null
}

/** The keys of one issuer. */
export interface KeySource {
  /** The last good keys; null until they are loaded. */
  readonly current: () => KeySet | null
  /** Reads the keys again, at a bounded rate. Resolves when that has ended. */
  readonly refresh: () => Promise<void>
  readonly report: () => KeysReport
  readonly start: () => void
  readonly stop: () => Promise<void>
}

interface KeySourceOptions {
  readonly issuer: TrustedIssuer
  readonly dispatcher: Dispatcher
  readonly userAgent: string
  readonly log: Log
  readonly now: () => Date
  readonly timing: Timing
  /** Called after each attempt to read keys. */
  readonly onRead: (issuer: string, succeeded: boolean) => void
}

interface State {
  /** The document of the keys. */
  text: string | null
  keys: KeySet | null
  updatedAt: Date | null
  fault: string | null
}

/** What both kinds of source have in common. */
interface Kept extends Pick<KeySource, 'current' | 'report'> {
  readonly take: (text: string) => Promise<void>
  readonly fail: (fault: string) => void
}

/** Keeps the last good keys, and logs each change for the better or worse. */
function createKept({ issuer, log, now, onRead }: KeySourceOptions, source: string): Kept {
  const state: State = { text: null, keys: null, updatedAt: null, fault: null }
  const fail = (fault: string): void => {
    if (fault !== state.fault)
      log.error('the keys of an issuer could not be read', { issuer: issuer.url, source, error: fault })
    state.fault = fault
    onRead(issuer.url, false)
  }
  const take = async (text: string): Promise<void> => {
    const keys = text === state.text && state.keys !== null ? state.keys : await readKeySet(text)
    if (typeof keys === 'string') return fail(`${basename(source)} ${keys}`)
    if (state.keys === null || state.fault !== null) {
      log.info('the keys of an issuer are loaded', { issuer: issuer.url, source, keys: keys.size })
    }
    Object.assign(state, { text, keys, updatedAt: now(), fault: null })
    onRead(issuer.url, true)
  }
  const report = (): KeysReport => ({
    issuer: issuer.url,
    source,
    keys: state.keys?.size ?? 0,
    updatedAt: state.updatedAt?.toISOString() ?? null,
    fault: state.fault,
  })
  return { fail, take, report, current: () => state.keys }
}

/** Reads the keys from a file, and again when it changes. */
function createFileSource(options: KeySourceOptions, path: string): KeySource {
  const { take, fail, report, current } = createKept(options, path)
  const file = followFile(path, {
    read: (text) =>
      text.length > MAX_KEY_SET_BYTES
        ? fail(`${path} has more than ${MAX_KEY_SET_BYTES} bytes, which is the limit`)
        : take(text),
    missing: () => fail(`${path} does not exist`),
    failed: (message) => fail(`${path} can't be read: ${message}`),
  })
  const started = { done: Promise.resolve() }
  return {
    current,
    report,
    refresh: () => started.done,
    start: () => {
      started.done = file.start()
    },
    stop: () => file.stop(),
  }
}

/** Fetches the keys from the issuer's host at the start and in the background, and between for an unknown key. */
function createFetchedSource(options: KeySourceOptions): KeySource {
  const { issuer, dispatcher, userAgent, timing } = options
  const url = `${issuer.url}/.well-known/jwks.json`
  const { take, fail, report, current } = createKept(options, url)
  const stopped = new AbortController()
  let running: Promise<void> | null = null
  let fetchedAt = -Infinity

  const fetchOnce = async (): Promise<void> => {
    fetchedAt = timing.now()
    const text = await fetchKeySet({ dispatcher, url, userAgent })
    if (text.fault === null) await take(text.body)
    else fail(`${basename(url)} ${text.fault}`)
  }
  const fetchShared = (): Promise<void> => {
    running ??= fetchOnce().finally(() => (running = null))
    return running
  }
  const follow = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await fetchShared()
      const wait = report().fault === null ? REFRESH_MS : RETRY_MS
      await timing.sleep(wait, stopped.signal).catch(() => undefined)
    }
  }
  return {
    current,
    report,
    refresh: async () => {
      if (running !== null || timing.now() - fetchedAt >= MIN_INTERVAL_MS) await fetchShared()
    },
    start: () => void follow(),
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}

/** Creates the source of an issuer's keys. It reads nothing before its start. */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { jwksFile } = options.issuer
  return jwksFile === null ? createFetchedSource(options) : createFileSource(options, jwksFile)
}
