/** Runs `start` unless a run for the same key is under way, whose result is then shared. */
interface SingleFlight<T> {
  /** The number of runs under way. */
  readonly size: number
  run(key: string, start: () => Promise<T>): Promise<T>
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>()
  return {
    get size() {
      return underWay.size
    },
    run: (key, start) => {
      const running = underWay.get(key)
      if (running !== undefined) return running
      const started = start().finally(() => underWay.delete(key))
      underWay.set(key, started)
      return started
    },
  }
}
