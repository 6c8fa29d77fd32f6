import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { wrap, type Style } from '../terminal/style.ts'
import type { Line, Painted } from '../terminal/writer.ts'

type Found = Readonly<Record<string, unknown>>

const LABEL = 13
const WIDTH = 80
const SHOWN_REFUSALS = 10

function listAt(value: unknown, name: string): readonly unknown[] {
  const list = property(value, name)
  return Array.isArray(list) ? list : []
}

function numberAt(value: unknown, name: string): number {
  const found = property(value, name)
  return typeof found === 'number' ? found : 0
}

/** Formats a duration with its two largest units. */
function span(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor(seconds / 3600) % 24
  const minutes = Math.floor(seconds / 60) % 60
  if (days >= 730) return `${Math.floor(days / 365.25)} years`
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds) % 60} s` : `${Math.floor(seconds)} s`
}

function ago(time: string | undefined, now: Date): string {
  if (time === undefined) return 'never'
  return `${span(Math.max(0, (now.getTime() - Date.parse(time)) / 1000))} ago`
}

/** One line: a label and the text next to it. */
interface Row {
  readonly label: string
  readonly text: string | Painted
}

/** Wraps a text. The label goes on the first line. */
function row(label: string, text: string, style: Style): readonly Row[] {
  return wrap(text, (style.width ?? WIDTH) - LABEL).map((line, index) => ({
    label: index === 0 ? label : '',
    text: line,
  }))
}

function problem(text: string, { width, paint }: Style): readonly Row[] {
  return wrap(`! ${text}`, (width ?? WIDTH) - LABEL).map((line) => ({ label: '', text: paint(line, 'red') }))
}

function certificate(found: Found, style: Style, now: Date): readonly Row[] {
  const end = textAt(found, 'certificate', 'notAfter') ?? ''
  const left = (Date.parse(end) - now.getTime()) / 1000
  const expiry = left < 0 ? `EXPIRED ${end}` : `expires ${end.slice(0, 10)} (in ${span(left)})`
  const kind = textAt(found, 'certificate', 'keyType') ?? ''
  const fault = textAt(found, 'certificate', 'fault')
  return [
    row('certificate', `${kind}, ${expiry}`, style),
    row('', `for ${textAt(found, 'certificate', 'names') ?? ''}`, style),
    row('', `SHA-256 ${textAt(found, 'certificate', 'sha256') ?? ''}`.replaceAll(':', ''), style),
    fault === undefined ? [] : problem(`the pair in the state folder is not loaded: ${fault}`, style),
  ].flat()
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

function backend(found: unknown, style: Style, now: Date): readonly Row[] {
  const [mode, fault, changed] = ['mode', 'fault', 'changedAt'].map((name) => textAt(found, name))
  const isLoaded = property(found, 'isLoaded') === true
  const patterns = numberAt(found, 'patterns')
  const counts = [
    plural(numberAt(found, 'roles'), 'role'),
    plural(numberAt(found, 'users'), 'user'),
    ...(patterns > 0 ? [plural(patterns, 'pattern')] : []),
    plural(numberAt(found, 'accounts'), 'account'),
  ]
  const text = isLoaded ? `${mode}: ${counts.join(', ')}; changed ${ago(changed, now)}` : `${mode}: not loaded`
  const errors = numberAt(found, 'errors')
  return [
    row('', text, style),
    fault === undefined ? [] : problem(fault, style),
    errors === 0 ? [] : problem(`${plural(errors, 'error')} in its source: see the log, or lint it`, style),
  ].flat()
}

function stsHost(found: unknown, style: Style, now: Date): readonly Row[] {
  const [p50, p99] = ['p50Ms', 'p99Ms'].map((name) => property(found, name))
  const latency = typeof p50 === 'number' ? `p50 ${p50} ms, p99 ${String(p99)} ms (5 min)` : 'no answer in 5 min'
  const calls = `${plural(numberAt(found, 'calls'), 'call')}, ${numberAt(found, 'failures')} failed`
  const failure = textAt(found, 'lastFailure', 'error')
  const when = ago(textAt(found, 'lastFailure', 'time'), now)
  return [
    row('', `${textAt(found, 'host') ?? ''}: ${calls}`, style),
    row('', `  ${latency}`, style),
    failure === undefined ? [] : row('', `  last failure ${when}: ${failure}`, style),
  ].flat()
}

function refusal(found: unknown, style: Style, now: Date): readonly Row[] {
  const who = textAt(found, 'arn')
  const reason = textAt(found, 'reason') ?? ''
  return [
    row('', `${ago(textAt(found, 'time'), now)}: ${reason}${who === undefined ? '' : ` ${who}`}`, style),
    row('', `  ${textAt(found, 'error') ?? ''}`, style),
  ].flat()
}

/** Puts a label on the first of several rows, or on the text for none. */
function section(label: string, rows: readonly Row[], none: string): readonly Row[] {
  const [{ text } = { text: none }, ...rest] = rows
  return [{ label, text }, ...rest]
}

/** Renders the status for people, 80 columns wide or as wide as the terminal. */
export function renderStatus(found: Found, style: Style, now: Date): readonly Line[] {
  const version = `${textAt(found, 'version') ?? ''} (${(textAt(found, 'commit') ?? '').slice(0, 12)}), ${textAt(found, 'runtime') ?? ''}`
  const failing = listAt(found, 'checks').filter((check) => property(check, 'fault') !== null)
  const decisions = property(found, 'decisions')
  const refusals = listAt(found, 'refusals')
  const audit = property(found, 'auditLog')
  const auditFault = textAt(audit, 'fault')
  const rows = [
    row('server', `${version}, up ${span(numberAt(found, 'uptimeSeconds'))}, pid ${numberAt(found, 'pid')}`, style),
    row('cluster', `${textAt(found, 'clusterId') ?? ''} (partition ${textAt(found, 'partition') ?? ''})`, style),
    row('ready', failing.length === 0 ? 'yes' : 'NO', style),
    failing.flatMap((check) => problem(`${textAt(check, 'name') ?? ''}: ${textAt(check, 'fault') ?? ''}`, style)),
    certificate(found, style, now),
    section(
      'backends',
      listAt(found, 'backends').flatMap((each) => backend(each, style, now)),
      'none',
    ),
    section(
      'sts',
      listAt(found, 'sts').flatMap((each) => stsHost(each, style, now)),
      'not asked yet',
    ),
    audit === null ? [] : row('audit log', textAt(audit, 'path') ?? '', style),
    auditFault === undefined ? [] : problem(`it can't be written: ${auditFault}`, style),
    row('logins', `${numberAt(decisions, 'granted')} granted, ${numberAt(decisions, 'refused')} refused`, style),
    section(
      'refused last',
      refusals.slice(0, SHOWN_REFUSALS).flatMap((each) => refusal(each, style, now)),
      'none',
    ),
    refusals.length > 0 ? row('', 'what each reason means: docs/errors.md', style) : [],
  ].flat()
  return rows.map(({ label, text }) => [
    label === '' ? ' '.repeat(LABEL) : style.paint(label.padEnd(LABEL), 'bold'),
    text,
  ])
}
