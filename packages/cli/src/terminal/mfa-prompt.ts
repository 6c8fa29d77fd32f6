import { openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Writer } from './writer.ts'

// To the letter of the AWS SDK for Go, which scripts may wait for.
const PROMPT = 'Assume Role MFA token code: '

// Without a terminal a code can only come by a pipe. One that nobody writes to must not hold kubectl up for ever.
const PIPE_PATIENCE_MS = 10_000
const PIPE_PROMPT_MS = 100

type NextLine = () => Promise<string>

/** What a person can be asked by. */
interface MfaPromptOptions {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  /** Opens the terminal of this process's session; undefined where it has none. */
  readonly openTerminal: () => Promise<Readable | undefined>
  readonly stderr: Writer
}

/** Opens /dev/tty, which a process without a terminal can't. */
export async function openTerminal(): Promise<Readable | undefined> {
  try {
    const descriptor = openSync('/dev/tty', 'r')
    const { ReadStream } = await import('node:tty')
    return new ReadStream(descriptor)
  } catch {
    return undefined
  }
}

/** Reads line by line; rejects at the end of the input, and where a line is blank. */
async function linesOf(input: Readable): Promise<NextLine> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input })[Symbol.asyncIterator]()
  return async () => {
    const { done, value } = await lines.next()
    if (done === true || value.trim() === '') throw new Error('no line')
    return value.trim()
  }
}

function after<T>(milliseconds: number, action: () => T): { readonly promise: Promise<T>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => {
    resolve(action())
  }, milliseconds)
  return {
    promise,
    cancel() {
      clearTimeout(timer)
    },
  }
}

/**
 * Asks for the code of an MFA device: on the terminal where there is one, and the first line of standard input counts too,
 * so that a code can be piped in. What is typed is shown: it works once, for 30 s.
 *
 * @returns A function that gives undefined where no code comes: at once where there is neither terminal nor input, after
 *   10 s where there is no terminal and nobody writes to the pipe.
 */
export function createMfaPrompt({
  stdin,
  openTerminal: open,
  stderr,
}: MfaPromptOptions): () => Promise<string | undefined> {
  let sources: Promise<{ lines: readonly NextLine[]; hasTerminal: boolean }> | undefined

  async function openSources(): Promise<{ lines: readonly NextLine[]; hasTerminal: boolean }> {
    const terminal = stdin.isTTY === true ? undefined : await open()
    const inputs = terminal === undefined ? [stdin] : [stdin, terminal]
    return {
      lines: await Promise.all(inputs.map(linesOf)),
      hasTerminal: stdin.isTTY === true || terminal !== undefined,
    }
  }

  return async () => {
    sources ??= openSources()
    const { lines, hasTerminal } = await sources
    const line = Promise.any(lines.map((next) => next())).catch(() => undefined)
    if (hasTerminal) {
      stderr.prompt(PROMPT)
      return await line
    }
    let prompted = false
    const prompt = after(PIPE_PROMPT_MS, () => {
      prompted = true
      stderr.prompt(PROMPT)
    })
    const patience = after(PIPE_PATIENCE_MS, () => undefined)
    try {
      const code = await Promise.race([line, patience.promise])
      if (code === undefined && prompted) stderr.line('')
      return code
    } finally {
      prompt.cancel()
      patience.cancel()
    }
  }
}
