import type { Timing } from '../util/timing.ts'

interface BatcherOptions<T> {
  /** The maximum number of keys in a batch. A full batch does not wait. */
  readonly maxKeys: number
  /** The time that a batch waits for more keys after its first, in milliseconds. */
  readonly maxWaitMs: number
  readonly run: (keys: readonly string[]) => Promise<T>
  readonly timing: Timing
}

interface OpenBatch<T> {
  readonly keys: string[]
  readonly close: () => void
  readonly result: Promise<T>
}

/** Collects keys that are requested at about the same time. Each caller gets the result of `run` for the whole batch. */
export function createBatcher<T>({ maxKeys, maxWaitMs, run, timing }: BatcherOptions<T>): (key: string) => Promise<T> {
  let open: OpenBatch<T> | null = null
  const start = (): OpenBatch<T> => {
    const keys: string[] = []
    const full = new AbortController()
    const close = (): void => {
      if (open === batch) open = null
      full.abort()
    }
    const waited = timing.sleep(maxWaitMs, full.signal).then(close, () => undefined)
    const batch = { keys, close, result: waited.then(() => run(keys)) }
    return batch
  }
  return (key) => {
    const batch = (open ??= start())
    batch.keys.push(key)
    if (batch.keys.length >= maxKeys) batch.close()
    return batch.result
  }
}
