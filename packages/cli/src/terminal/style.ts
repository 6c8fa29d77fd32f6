import { isatty } from 'node:tty'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { Colour, Painted } from './writer.ts'

/** How texts are shown: for a person at a terminal, or for a pipe. */
export interface Style {
  /** How many columns a line may have; null in a pipe, where a line is what belongs together. */
  readonly width: number | null
  /** Whether marks such as a tick can be shown. */
  readonly marks: boolean
  /** The text in colours, where there are any. */
  readonly paint: (text: string, ...colours: readonly Colour[]) => string | Painted
}

const MOST_COLUMNS = 80
const FEWEST_COLUMNS = 40

/**
 * How stdout shows texts: colours and marks on a terminal alone.
 *
 * @see {@link https://no-color.org/ | NO_COLOR}
 */
export function stdoutStyle(environment: Environment): Style {
  const isTerminal = isatty(1)
  const { NO_COLOR: noColor = '', TERM: terminal, LC_ALL: all, LC_CTYPE: type, LANG: language } = environment
  const hasColours = isTerminal && noColor === '' && terminal !== 'dumb'
  const locale = [all, type, language].find((value) => value !== undefined && value !== '') ?? ''
  const columns = process.stdout.columns ?? MOST_COLUMNS
  return {
    width: isTerminal ? Math.max(FEWEST_COLUMNS, Math.min(MOST_COLUMNS, columns)) : null,
    marks: isTerminal && (process.platform === 'win32' || /utf-?8/i.test(locale)),
    paint: (text, ...colours) => (hasColours ? { text, colours } : text),
  }
}

/** The lines of a text that is as wide as this at most; a word is never cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** A value as indented JSON. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
