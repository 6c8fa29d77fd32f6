import { openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Writer } from './writer.ts'

// The exact prompt of the AWS SDK for Go. Scripts may wait for it.
const PROMPT = 'Assume Role MFA token code: '

// Without a terminal, a code can only come through a pipe. If nothing writes to it, kubectl must not hang.
const PIPE_PATIENCE_MS = 10_000
const PIPE_PROMPT_MS = 100

type NextLine = () => Promise<string>

/** The streams of the prompt. */
interface MfaPromptOptions {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  /** Opens the terminal of this session; undefined if it has none. */
  readonly openTerminal: () => Promise<Readable | undefined>
  readonly stderr: Writer
}

/** Opens /dev/tty; undefined if this process has no terminal. */
export async function openTerminal(): Promise<Readable | undefined> {
  try {
    const descriptor = openSync('/dev/tty', 'r')
    const { ReadStream } = await import('node:tty')
    return new ReadStream(descriptor)
  } catch {
    return undefined
  }
}

/** Reads one line per call. The call rejects at the end of the input and for a blank line. */
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
 * Creates a prompt for the code of an MFA device. It reads the terminal, if there is one, and standard input, so that a code
 * can be piped in. The typed code is shown: it is valid once, for 30 s.
 *
 * @returns A function that resolves with the code, or undefined if there is none: at once without terminal and input, after
 *   10 s without terminal and with a silent pipe.
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
