/** Limit of a batch in characters. A longer one is written at once. */
const MAX_BATCH = 64 * 1024

/** A buffered log. */
interface LogBatches {
  readonly write: (line: string) => void
  /** Writes the lines in the buffer. */
  readonly flush: () => void
}

/**
 * Writes the lines of one iteration of the event loop together: under load, one write per line would be a large part of the
 * cost of a login. Writes the rest when the process exits.
 */
export function inBatches(write: (text: string) => void): LogBatches {
  let batch = ''
  const flush = (): void => {
    const text = batch
    batch = ''
    if (text !== '') write(text)
  }
  process.on('exit', flush)
  return {
    write: (line) => {
      if (batch === '') setImmediate(flush)
      batch += line
      if (batch.length > MAX_BATCH) flush()
    },
    flush,
  }
}
