import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { format } from 'node:util'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { describeFailure } from '@aws-iam-authenticator/files/system-failure'
import { escapeLine, escapeLines } from '@aws-iam-authenticator/core/log/control-characters'
import { wrap } from './wrap.ts'

export type Colour = 'red' | 'green' | 'yellow' | 'bold' | 'dim'

const CODES: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  bold: [1, 22],
  dim: [2, 22],
}

/** A coloured text. */
export interface Painted {
  readonly text: string
  readonly colours: readonly Colour[]
}

/** One line without its line break. */
export type Line = string | readonly (string | Painted)[]

/**
 * The only way to write to stdout or stderr. Texts can't control the terminal or hide in it: control characters are escaped
 * here, and nowhere else. Colours are added after that.
 */
export interface Writer {
  /** Writes one line. Line breaks and tabs in it are escaped. */
  readonly line: (line: Line) => void
  /** Writes lines, as {@link line} does. */
  readonly lines: (lines: readonly Line[]) => void
  /** Writes a text without a line break, for a prompt. */
  readonly prompt: (text: string) => void
  /** Writes a text of several lines, such as JSON, YAML or a script. Keeps its line breaks and tabs. */
  readonly document: (text: string) => void
}

function paint(part: string | Painted): string {
  if (typeof part === 'string') return escapeLine(part)
  const codes = part.colours.map((colour) => CODES[colour])
  const on = codes.map(([code]) => `\u001b[${code}m`).join('')
  const off = codes.map(([, code]) => `\u001b[${code}m`).join('')
  return `${on}${escapeLine(part.text)}${off}`
}

/**
 * Creates a writer from a function that writes a text unchanged.
 *
 * @param width Returns the number of columns to which messages are wrapped. Coloured lines and documents have their own form.
 */
export function createWriter(write: (text: string) => void, width: () => number = () => Infinity): Writer {
  const message = (text: string): string => wrap(escapeLine(text), width()).join('\n')
  const render = (line: Line): string => `${typeof line === 'string' ? message(line) : line.map(paint).join('')}\n`
  return {
    line: (line) => write(render(line)),
    lines: (lines) => write(lines.map(render).join('')),
    prompt: (text) => write(message(text)),
    document: (text) => write(escapeLines(text)),
  }
}

/**
 * Writes synchronously. Tries again while a pipe is full, and exits with 0 if it is closed.
 *
 * @param onFailure Called with the error of any other failed write. The rest of the text is dropped.
 */
function writeTo(descriptor: number, onFailure: (error: unknown) => void): (text: string) => void {
  return (text) => {
    let rest = Buffer.from(text)
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest))
      } catch (error) {
        const code = errorCode(error)
        if (code === 'EPIPE') process.exit(0)
        if (code === 'EAGAIN') continue
        onFailure(error)
        return
      }
    }
  }
}

function failStdout(cause: unknown): never {
  throw new FileError('file_unwritable', `can't write to standard output: ${describeFailure(cause)}`, { cause })
}

export const stdout: Writer = createWriter(writeTo(1, failStdout))
// A failed write to stderr can be reported nowhere, and must not end the server.
export const stderr: Writer = createWriter(
  writeTo(2, () => undefined),
  () => (isatty(2) ? process.stderr.columns : Infinity),
)

const CONSOLE = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const

/**
 * Redirects `console` and process warnings of libraries: they may quote untrusted input.
 *
 * @param write Writes one line, escaped. A later call replaces it.
 */
export function captureLibraryOutput(write: (line: string) => void = stderr.line): void {
  const writeFormatted = (...values: readonly unknown[]): void => write(format(...values))
  Object.assign(console, Object.fromEntries(CONSOLE.map((name) => [name, writeFormatted])))
  // The default listener prints warnings unescaped.
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => write(`${name}: ${message}`))
}
