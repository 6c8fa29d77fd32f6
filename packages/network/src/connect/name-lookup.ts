import type { LookupAddress, LookupAllOptions } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { isPublishedStsHost } from '@aws-iam-authenticator/core/aws/published-regions'
import { property } from '@aws-iam-authenticator/core/untrusted'

/** A name that was found before goes on with its last addresses where it is not found again within this, in milliseconds. */
const REFRESH_MS = 1_000

/** Whoever has waited so long for a turn has given up, in milliseconds: no connection may take longer. */
const MAX_WAIT_MS = 5_000

/** Names that wait for their turn, in each lane. */
const MAX_WAITING = 16

/** Names whose addresses are kept: more than AWS has hosts of STS. */
const MAX_KNOWN = 256

/** Asks the system for all addresses of a name. */
type AskSystem = (name: string, options: LookupAllOptions) => Promise<LookupAddress[]>

/** Runs one after the other. */
type Lane = <T>(run: () => Promise<T>) => Promise<T>

function tooMany(): Error {
  return Object.assign(new Error('too many names are looked up'), { code: 'EAI_AGAIN' })
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
 * Whether a name may be invented. Whoever sends tokens chooses regions; hosts of published regions are few, and all other names
 * are configured.
 */
function mayBeInvented(name: string): boolean {
  return /^sts(?:-fips)?\./.test(name) && !isPublishedStsHost(name)
}

/**
 * Looks names up for connections: at one time one that was found before, one that never was, and one that may be invented. A look-up can't be given up,
 * takes as long as the system's resolver has patience, and holds one of the few threads that the runtimes have for look-ups
 * and, some of them, for files. Without a bound some invented names that nobody answers for would stop everything else.
 */
export function createNameLookup(ask: AskSystem = lookup, refreshMs: number = REFRESH_MS): LookupFunction {
  const found = new Map<string, LookupAddress[]>()
  const underWay = new Map<string, Promise<LookupAddress[]>>()
  const [again, first, doubtful] = [createLane(), createLane(), createLane()]

  const laneFor = (key: string, name: string): Lane => {
    if (found.has(key)) return again
    return mayBeInvented(name) ? doubtful : first
  }
  const look = (key: string, name: string, options: LookupAllOptions): Promise<LookupAddress[]> => {
    const known = underWay.get(key)
    if (known !== undefined) return known
    const lane = laneFor(key, name)
    const asked = lane(async () => {
      const addresses = await ask(name, options)
      found.delete(key)
      found.set(key, addresses)
      for (const oldest of found.keys()) {
        if (found.size <= MAX_KNOWN) break
        found.delete(oldest)
      }
      return addresses
    }).finally(() => underWay.delete(key))
    underWay.set(key, asked)
    return asked
  }
  /** What is known of the name already takes the place of no answer, but not of the answer that it is no more. */
  const lookAgain = async (asked: Promise<LookupAddress[]>, last: LookupAddress[]): Promise<LookupAddress[]> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<LookupAddress[]>((resolve) => {
      timer = setTimeout(() => resolve(last), refreshMs)
    })
    try {
      return await Promise.race([asked, late])
    } catch (error) {
      if (property(error, 'code') === 'ENOTFOUND') throw error
      return last
    } finally {
      clearTimeout(timer)
    }
  }
  return (name, options, callback) => {
    const key = `${name} ${options.family ?? 0}`
    const last = found.get(key)
    const asked = look(key, name, { ...options, all: true })
    const tell = async (): Promise<void> => {
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
    void tell()
  }
}
