import type { LookupAddress, LookupAllOptions } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPublishedStsHost } from '@aws-iam-authenticator/core/aws/published-regions'
import { BoundedMap } from '@aws-iam-authenticator/core/bounded-map'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'

/** Time limit for looking up a known name again, in milliseconds. After that its last addresses are used. */
const REFRESH_MS = 1_000

/** Maximum wait in a lane, in milliseconds. Connections have the same limit, so the caller has given up by then. */
const MAX_WAIT_MS = 5_000

/** Maximum number of names that wait in a lane. */
const MAX_WAITING = 16

/** Maximum number of names whose addresses are kept. More than AWS has STS hosts. */
const MAX_KNOWN = 256

/** Asks the system for all addresses of a name. */
type AskSystem = (name: string, options: LookupAllOptions) => Promise<LookupAddress[]>

/** Runs lookups one after the other. */
type Lane = <T>(run: () => Promise<T>) => Promise<T>

function tooMany(): Error {
  return Object.assign(new Error('too many name lookups in progress'), { code: 'EAI_AGAIN' })
}

function createLane(): Lane {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (run) => {
    if (waiting === MAX_WAITING) throw tooMany()
    waiting += 1
    const until = performance.now() + MAX_WAIT_MS
    const turn = last.then(() => {
      waiting -= 1
      if (performance.now() > until) throw tooMany()
      return run()
    })
    last = turn.catch(() => undefined)
    return turn
  }
}

/**
 * True for an STS host of a region that is not published, which the sender of a token may have invented. All other names are
 * either published or configured.
 */
function mayBeInvented(name: string): boolean {
  return /^sts(?:-fips)?\./.test(name) && !isPublishedStsHost(name)
}

/**
 * Creates a name lookup for connections. It has three lanes with one lookup at a time: names that were found before, new
 * names, and names that may be invented. A lookup can't be cancelled. It lasts until the system's resolver gives up, and holds
 * one of the few threads that the runtime has for lookups and, on some runtimes, for files. Without lanes a few invented
 * names would block everything else.
 */
export function createNameLookup(ask: AskSystem = lookup, refreshMs: number = REFRESH_MS): LookupFunction {
  const found = new BoundedMap<string, LookupAddress[]>(MAX_KNOWN)
  const pending = new Map<string, Promise<LookupAddress[]>>()
  const [again, first, doubtful] = [createLane(), createLane(), createLane()]

  const laneFor = (key: string, name: string): Lane => {
    if (found.has(key)) return again
    return mayBeInvented(name) ? doubtful : first
  }
  const look = (key: string, name: string, options: LookupAllOptions): Promise<LookupAddress[]> => {
    const known = pending.get(key)
    if (known !== undefined) return known
    const lane = laneFor(key, name)
    const asked = lane(async () => {
      const addresses = await ask(name, options)
      found.set(key, addresses)
      return addresses
    }).finally(() => pending.delete(key))
    pending.set(key, asked)
    return asked
  }
  /** Uses the last addresses if there is no answer in time, but not if the answer is that the name is gone. */
  const lookAgain = async (asked: Promise<LookupAddress[]>, last: LookupAddress[]): Promise<LookupAddress[]> => {
    try {
      return await Promise.race([asked, sleep(refreshMs, last)])
    } catch (error) {
      if (errorCode(error) === 'ENOTFOUND') throw error
      return last
    }
  }
  return (name, options, callback) => {
    const key = `${name} ${options.family ?? 0}`
    const last = found.get(key)
    const asked = look(key, name, { ...options, all: true })
    const answer = async (): Promise<void> => {
      let all: LookupAddress[]
      try {
        all = await (last === undefined ? asked : lookAgain(asked, last))
      } catch (error) {
        callback(error instanceof Error ? error : new Error(String(error)), '')
        return
      }
      const [one] = all
      if (options.all === true || one === undefined) callback(null, all)
      else callback(null, one.address, one.family)
    }
    void answer()
  }
}
