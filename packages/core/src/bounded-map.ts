/** A map that drops its oldest entry when it is full. Setting a key again makes its entry the newest. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #max: number
  readonly #onDropped: (value: Value) => void

  /** @param onDropped Called with each value that was dropped. */
  constructor(max: number, onDropped: (value: Value) => void = () => undefined) {
    super()
    this.#max = max
    this.#onDropped = onDropped
  }

  override set(key: Key, value: Value): this {
    this.delete(key)
    super.set(key, value)
    if (this.size > this.#max) {
      for (const [oldest, dropped] of this) {
        this.delete(oldest)
        this.#onDropped(dropped)
        break
      }
    }
    return this
  }
}
