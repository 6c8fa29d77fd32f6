import { isatty } from 'node:tty'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { Colour, Painted } from './writer.ts'

/** The style of output, either for a terminal or for a pipe. */
export interface Style {
  /** The maximum line width in columns; null for a pipe, where lines are not wrapped. */
  readonly width: number | null
  /** Whether to show marks such as a tick. */
  readonly marks: boolean
  /** Colours a text, if colours are on. */
  readonly paint: (text: string, ...colours: readonly Colour[]) => string | Painted
}

const MOST_COLUMNS = 80
const FEWEST_COLUMNS = 40

/**
 * Returns the style of stdout. Only a terminal gets colours and marks.
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

/** Formats a value as indented JSON. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
