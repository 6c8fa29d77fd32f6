/** Counts requests in flight. */
interface InFlight {
  readonly begin: () => void
  readonly end: () => void
  readonly count: () => number
  /** Resolves as soon as nothing is in flight. */
  readonly drained: () => Promise<void>
}

export function createInFlight(): InFlight {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    begin: () => {
      count += 1
    },
    end: () => {
      count -= 1
      if (count > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    },
    count: () => count,
    drained: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
}
