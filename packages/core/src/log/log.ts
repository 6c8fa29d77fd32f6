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

function render(format: LogFormat, first: LogFields, fields: LogFields): string {
  if (format === 'json') return toJson({ ...first, ...fields })
  let line = ''
  for (const named of [first, fields]) {
    for (const key of Object.keys(named)) {
      const value = named[key]
      if (value !== undefined) line += `${line === '' ? '' : ' '}${key}=${logfmtValue(value)}`
    }
  }
  return line
}

/** Texts of moments, as most lines are written in the second of the one before. */
function createClock(now: () => Date): () => string {
  let second = Number.NaN
  let text = ''
  return () => {
    const time = now()
    const its = Math.floor(time.getTime() / 1000)
    if (its !== second) text = time.toISOString().replace(/\.\d{3}Z$/, 'Z')
    second = its
    return text
  }
}

/** A log whose lines are `time=… level=… msg=…` and fields, as logfmt or as JSON with the same keys. */
export function createLog({ format, level, write, now }: LogOptions): Log {
  const clock = createClock(now)
  const writeAt = (lineLevel: LogLevel): ((message: string, fields?: LogFields) => void) => {
    if (LOG_LEVELS.indexOf(lineLevel) > LOG_LEVELS.indexOf(level)) return () => undefined
    return (message, fields = {}) => {
      write(`${render(format, { time: clock(), level: lineLevel, msg: message }, fields)}\n`)
    }
  }
  return { error: writeAt('error'), warn: writeAt('warning'), info: writeAt('info'), debug: writeAt('debug') }
}
