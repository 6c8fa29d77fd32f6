import { escapeUnseen } from './unseen.ts'

/** From the gravest to the chattiest. */
export type LogLevel = 'panic' | 'fatal' | 'error' | 'warning' | 'info' | 'debug' | 'trace'

export type LogFormat = 'text' | 'json'

/** Named values of a log line; those that are undefined are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Writes log lines. No field may hold a token, a presigned URL, a signature or a secret. */
export interface Log {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
}

export interface LogOptions {
  readonly format: LogFormat
  readonly level: LogLevel
  readonly write: (line: string) => void
  readonly now: () => Date
}

export const LOG_LEVELS: readonly LogLevel[] = ['panic', 'fatal', 'error', 'warning', 'info', 'debug', 'trace']

function toJson(value: unknown): string {
  // JSON leaves as they are some characters that a terminal obeys.
  return escapeUnseen(JSON.stringify(value))
}

const BARE = /^[\w.\-/@^+]+$/

function logfmtValue(value: unknown): string {
  const text = Array.isArray(value) ? `[${value.join(' ')}]` : String(value)
  return BARE.test(text) ? text : toJson(text)
}

function render(format: LogFormat, entries: readonly (readonly [string, unknown])[]): string {
  if (format === 'json') return toJson(Object.fromEntries(entries))
  return entries.map(([key, value]) => `${key}=${logfmtValue(value)}`).join(' ')
}

/** A log whose lines are `time=… level=… msg=…` and fields, as logfmt or as JSON with the same keys. */
export function createLog({ format, level, write, now }: LogOptions): Log {
  const writeAt =
    (lineLevel: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(lineLevel) > LOG_LEVELS.indexOf(level)) return
      const time = now()
        .toISOString()
        .replace(/\.\d{3}Z$/, 'Z')
      const named = Object.entries(fields).filter(([, value]) => value !== undefined)
      write(`${render(format, [['time', time], ['level', lineLevel], ['msg', message], ...named])}\n`)
    }
  return { error: writeAt('error'), warn: writeAt('warning'), info: writeAt('info'), debug: writeAt('debug') }
}
