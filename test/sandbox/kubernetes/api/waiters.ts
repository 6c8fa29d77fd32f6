/** Lets tests wait for a state, which is checked after every change. */
export class Waiters {
  readonly #waiting = new Set<() => void>()

  /** Call after every change. */
  changed(): void {
    for (const check of this.#waiting) check()
  }

  /** @throws Error if the condition does not hold within `timeoutMs`. */
  until(condition: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(check)
      }
      const check = (): void => {
        if (!condition()) return
        settle()
        resolve()
      }
      const timer = setTimeout(() => {
        settle()
        reject(new Error(`still not so after ${timeoutMs} ms: ${condition.toString()}`))
      }, timeoutMs)
      this.#waiting.add(check)
      check()
    })
  }
}
