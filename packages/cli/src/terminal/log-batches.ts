/** Lines are not kept longer than until so many characters are there. */
const MAX_BATCH = 64 * 1024

/** Writes lines together. */
interface LogBatches {
  readonly write: (line: string) => void
  /** Writes what is left. */
  readonly flush: () => void
}

/**
 * Writes the lines of one turn of the event loop in one go: under load, a write for each line would be a good part of what a
 * login costs. They are written at the end of the process too, whatever ends it but SIGKILL.
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
