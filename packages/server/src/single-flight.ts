/** Runs `start` unless a run for the same key is under way, whose result is then shared. */
export type SingleFlight<T> = (key: string, start: () => Promise<T>) => Promise<T>

export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>()
  return (key, start) => {
    const running = underWay.get(key)
    if (running !== undefined) return running
    const started = start().finally(() => underWay.delete(key))
    underWay.set(key, started)
    return started
  }
}
