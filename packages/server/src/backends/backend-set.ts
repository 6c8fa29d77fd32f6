import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Backend } from './backend.ts'

/** The longest time that the active list stays so while new backends load, in milliseconds. */
const LOADING_MS = 5_000
/** The same if no list is active yet. A file is read by then, and an API server may itself be waiting for this server. */
const FIRST_LOADING_MS = 500

/** The active backends, in the order in which they are asked. */
export interface BackendSet {
  /** The list at this moment. It is replaced and never changed, so that a decision sees one list. */
  current(): readonly Backend[]
  /**
   * Activates another list. Backends in both lists go on unchanged, new ones are started, and removed ones are stopped. The old list
   * stays active until the new backends have loaded or failed.
   *
   * @throws {AuthenticatorError} A backend can't be created; the list stays as it is.
   */
  replace(modes: readonly BackendMode[]): Promise<void>
  stop(): Promise<void>
}

interface BackendSetOptions {
  readonly create: (mode: BackendMode) => Promise<Backend>
  readonly log: Log
  /** Called when another list is active. */
  readonly onReplaced: (modes: readonly BackendMode[]) => void
}

type Modes = ReadonlyMap<BackendMode, Backend>

/** The entries of the first map whose keys are missing in the second. */
function without(these: Modes, others: Modes): Modes {
  return new Map([...these].filter(([mode]) => !others.has(mode)))
}

export function createBackendSet({ create, log, onReplaced }: BackendSetOptions): BackendSet {
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
      const timeoutMs = before.size > 0 ? LOADING_MS : FIRST_LOADING_MS
      await Promise.race([loaded, sleep(timeoutMs, undefined, { signal, ref: false }).catch(() => undefined)])
      if (signal.aborted) {
        await stopAll(incoming)
        return
      }
      current = next
      list = [...next.values()]
      onReplaced(modes)
      await stopAll(without(before, next))
    },
    stop: async () => {
      stopped.abort()
      await stopAll(current)
    },
  }
}
