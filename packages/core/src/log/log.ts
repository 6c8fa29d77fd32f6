/** From the gravest to the chattiest. */
export type LogLevel = 'panic' | 'fatal' | 'error' | 'warning' | 'info' | 'debug' | 'trace'

export type LogFormat = 'text' | 'json'

/** Named values of a log line; those that are undefined are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Writes one line: the message, and fields in the order in which they are given. */
export type WriteLine = (message: string, ...fields: readonly LogFields[]) => void

/** Writes log lines. No field may hold a token, a presigned URL, a signature or a secret. */
export interface Log {
  readonly error: WriteLine
  readonly warn: WriteLine
  readonly info: WriteLine
  readonly debug: WriteLine
}

interface LogOptions {
  readonly format: LogFormat
  readonly level: LogLevel
  /** Writes one line with its end. Escapes the control characters that JSON leaves as they are: C1, format, U+2028. */
  readonly write: (line: string) => void
  readonly now: () => Date
}

export const LOG_LEVELS: readonly LogLevel[] = ['panic', 'fatal', 'error', 'warning', 'info', 'debug', 'trace']

const BARE = /^[\w.\-/@^+]+$/
/** Printable ASCII of which nothing needs an escape within quotes. */
const QUOTABLE = /^[ !#-[\]-~]*$/

function logfmtValue(value: unknown): string {
  const text = typeof value === 'string' ? value : Array.isArray(value) ? `[${value.join(' ')}]` : String(value)
  if (BARE.test(text)) return text
  return QUOTABLE.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** The texts of fields that come again and again; null until they come for the first time. */
const repeated = new WeakMap<LogFields, string | null>()

/** Says that these fields, which never change, will be logged often: their text is kept for as long as they are. */
export function repeatedFields(fields: LogFields): LogFields {
  repeated.set(fields, null)
  return fields
}

function renderPart(part: LogFields): string {
  const kept = repeated.get(part)
  if (typeof kept === 'string') return kept
  let text = ''
  for (const key in part) {
    const value = part[key]
    if (value !== undefined) text += ` ${key}=${logfmtValue(value)}`
  }
  if (kept === null) repeated.set(part, text)
  return text
}

/** @param milliseconds Since the epoch. */
function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** Begins lines: those with the same message in the second of the one before begin alike. */
function createHeads(level: LogLevel, now: () => Date): (message: string) => string {
  let second = Number.NaN
  let texts = new Map<string, string>()
  return (message) => {
    const its = Math.floor(now().getTime() / 1000)
    if (its !== second) texts = new Map()
    second = its
    const known = texts.get(message)
    if (known !== undefined) return known
    const text = renderPart({ time: timeOf(its * 1000), level, msg: message }).slice(1)
    texts.set(message, text)
    return text
  }
}

/** A log whose lines are `time=… level=… msg=…` and fields, as logfmt or as JSON with the same keys. */
export function createLog({ format, level, write, now }: LogOptions): Log {
  const writeAt = (lineLevel: LogLevel): WriteLine => {
    if (LOG_LEVELS.indexOf(lineLevel) > LOG_LEVELS.indexOf(level)) return () => undefined
    if (format === 'json') {
      return (message, ...parts) => {
        write(
          `${JSON.stringify(Object.assign({ time: timeOf(now().getTime()), level: lineLevel, msg: message }, ...parts))}\n`,
        )
      }
    }
    const headOf = createHeads(lineLevel, now)
    return (message, ...parts) => {
      let line = headOf(message)
      for (const part of parts) line += renderPart(part)
      write(`${line}\n`)
    }
  }
  return { error: writeAt('error'), warn: writeAt('warning'), info: writeAt('info'), debug: writeAt('debug') }
}
