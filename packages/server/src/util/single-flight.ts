/** Shares the result of a run with all callers for the same key. */
interface SingleFlight<T> {
  /** The number of runs in flight. */
  readonly size: number
  /** Calls `start`, unless a run for the key is in flight. */
  run(key: string, start: () => Promise<T>): Promise<T>
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const inFlight = new Map<string, Promise<T>>()
  return {
    get size() {
      return inFlight.size
    },
    run: (key, start) => {
      const running = inFlight.get(key)
      if (running !== undefined) return running
      const started = start().finally(() => inFlight.delete(key))
      inFlight.set(key, started)
      return started
    },
  }
}
