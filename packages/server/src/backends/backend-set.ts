import { messageOf, type BackendMode, type Log } from '@aws-iam-authenticator/core'
import type { Backend } from './backend.ts'

/** The backends in force, in the order in which they are asked. */
export interface BackendSet {
  /** Never changed, only replaced: whoever asks once sees one list. */
  current(): readonly Backend[]
  /**
   * Puts another list in force. Backends that are in both go on as they are, those that come in are started, those that leave
   * are stopped.
   *
   * @throws {AuthenticatorError} A backend can't be created; the list stays as it is.
   */
  replace(modes: readonly BackendMode[]): Promise<void>
  stop(): Promise<void>
}

export interface BackendSetOptions {
  readonly create: (mode: BackendMode) => Promise<Backend>
  readonly log: Log
  /** Another list is in force. */
  readonly replaced: (modes: readonly BackendMode[]) => void
}

export function createBackendSet({ create, log, replaced }: BackendSetOptions): BackendSet {
  let current: ReadonlyMap<BackendMode, Backend> = new Map()
  let list: readonly Backend[] = []

  const stop = async (mode: BackendMode, backend: Backend): Promise<void> => {
    try {
      await backend.stop()
    } catch (error) {
      log.error(`backend ${mode} did not stop cleanly`, { error: messageOf(error) })
    }
  }
  return {
    current: () => list,
    replace: async (modes) => {
      const next = new Map<BackendMode, Backend>()
      for (const mode of modes) next.set(mode, current.get(mode) ?? (await create(mode)))
      const before = current
      for (const [mode, backend] of next) if (!before.has(mode)) backend.start()
      current = next
      list = [...next.values()]
      replaced(modes)
      const left = [...before].filter(([mode]) => !next.has(mode))
      await Promise.all(left.map(([mode, backend]) => stop(mode, backend)))
    },
    stop: async () => {
      await Promise.all([...current].map(([mode, backend]) => stop(mode, backend)))
    },
  }
}
