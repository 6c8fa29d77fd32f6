import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Backend } from './backend.ts'

/** How long a list that is in force stays so while those that come in are loading. */
const LOADING_MS = 5_000
/** The same where none is in force yet: a file is read by then, and an API server may itself be waiting for this server. */
const FIRST_LOADING_MS = 500

/** The backends in force, in the order in which they are asked. */
export interface BackendSet {
  /** Never changed, only replaced: whoever asks once sees one list. */
  current(): readonly Backend[]
  /**
   * Puts another list in force. Backends that are in both go on as they are, those that come in are started, those that leave
   * are stopped. The list before stays in force until those that come in have loaded, or could not.
   *
   * @throws {AuthenticatorError} A backend can't be created; the list stays as it is.
   */
  replace(modes: readonly BackendMode[]): Promise<void>
  stop(): Promise<void>
}

interface BackendSetOptions {
  readonly create: (mode: BackendMode) => Promise<Backend>
  readonly log: Log
  /** Another list is in force. */
  readonly replaced: (modes: readonly BackendMode[]) => void
}

type Modes = ReadonlyMap<BackendMode, Backend>

/** Those of the first that the second has not. */
function without(these: Modes, others: Modes): Modes {
  return new Map([...these].filter(([mode]) => !others.has(mode)))
}

export function createBackendSet({ create, log, replaced }: BackendSetOptions): BackendSet {
  const stopped = new AbortController()
  const { signal } = stopped
  let current: Modes = new Map()
  let list: readonly Backend[] = []

  const stop = async ([mode, backend]: readonly [BackendMode, Backend]): Promise<void> => {
    try {
      await backend.stop()
    } catch (error) {
      log.error(`backend ${mode} did not stop cleanly`, { error: messageOf(error) })
    }
  }
  const stopAll = async (backends: Modes): Promise<void> => {
    await Promise.all([...backends].map(stop))
  }
  return {
    current: () => list,
    replace: async (modes) => {
      const before = current
      const next = new Map<BackendMode, Backend>()
      try {
        for (const mode of modes) next.set(mode, before.get(mode) ?? (await create(mode)))
      } catch (error) {
        await stopAll(without(next, before))
        throw error
      }
      const incoming = without(next, before)
      const loaded = Promise.all([...incoming.values()].map((backend) => backend.start()))
      const patience = before.size > 0 ? LOADING_MS : FIRST_LOADING_MS
      await Promise.race([loaded, sleep(patience, undefined, { signal, ref: false }).catch(() => undefined)])
      if (signal.aborted) {
        await stopAll(incoming)
        return
      }
      current = next
      list = [...next.values()]
      replaced(modes)
      await stopAll(without(before, next))
    },
    stop: async () => {
      stopped.abort()
      await stopAll(current)
    },
  }
}
