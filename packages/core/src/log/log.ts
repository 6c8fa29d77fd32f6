/** From most to least severe. */
export type LogLevel = 'panic' | 'fatal' | 'error' | 'warning' | 'info' | 'debug' | 'trace'

export type LogFormat = 'text' | 'json'

/** Named values of a log line. Undefined values are omitted. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Writes one line: the message, then the fields in the given order. */
export type WriteLine = (message: string, ...fields: readonly LogFields[]) => void

/** Writes log lines. No field may contain a token, a presigned URL, a signature or a secret. */
export interface Log {
  readonly error: WriteLine
  readonly warn: WriteLine
  readonly info: WriteLine
  readonly debug: WriteLine
}

interface LogOptions {
  readonly format: LogFormat
  readonly level: LogLevel
  /** Writes one line that ends with LF. Must escape the control characters that JSON does not escape: C1, format, U+2028. */
  readonly write: (line: string) => void
  readonly now: () => Date
}

export const LOG_LEVELS: readonly LogLevel[] = ['panic', 'fatal', 'error', 'warning', 'info', 'debug', 'trace']

const BARE = /^[\w.\-/@^+]+$/
/** Printable ASCII that needs no escapes within quotes. */
const QUOTABLE = /^[ !#-[\]-~]*$/

function logfmtValue(value: unknown): string {
  const text = typeof value === 'string' ? value : Array.isArray(value) ? `[${value.join(' ')}]` : String(value)
  if (BARE.test(text)) return text
  return QUOTABLE.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** The text of repeated fields; null until it is rendered. */
const repeated = new WeakMap<LogFields, string | null>()

/** Marks fields that are logged often and never change. Their text is cached for as long as the object lives. */
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

/** Renders the start of log lines. Caches it for each message within the same second. */
function createHeads(level: LogLevel, now: () => Date): (message: string) => string {
  let second = Number.NaN
  let texts = new Map<string, string>()
  return (message) => {
    const current = Math.floor(now().getTime() / 1000)
    if (current !== second) texts = new Map()
    second = current
    const known = texts.get(message)
    if (known !== undefined) return known
    const text = renderPart({ time: timeOf(current * 1000), level, msg: message }).slice(1)
    texts.set(message, text)
    return text
  }
}

/** Creates a log. Lines are `time=… level=… msg=…` and fields, in logfmt or in JSON with the same keys. */
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
