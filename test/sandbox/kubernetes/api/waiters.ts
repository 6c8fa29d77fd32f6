/** Lets tests wait for a state, checked again whenever something has changed. */
export class Waiters {
  readonly #waiting = new Set<() => void>()

  /** To be called after every change. */
  changed(): void {
    for (const check of this.#waiting) check()
  }

  /** @throws Error when the condition does not hold within `timeoutMs`. */
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
