import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Style } from '../terminal/style.ts'
import { wrap, wrapBeside } from '../terminal/wrap.ts'
import type { Line, Painted } from '../terminal/writer.ts'

type Found = Readonly<Record<string, unknown>>

const LABEL = 13
const WIDTH = 80
/** The limits of rows for refusals, and for the mapping errors of a backend. */
const [MAX_REFUSALS, MAX_ERRORS] = [10, 10]

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

/** One line: a label and the text next to it. Without a label the text is a whole line. */
interface Row {
  readonly label: string | null
  readonly text: string | Painted
}

/** Wraps a text. The label goes on the first line. */
function row(label: string, text: string, style: Style): readonly Row[] {
  const { first, rest } = wrapBeside(text, LABEL, style.width ?? WIDTH)
  const below = rest.map((line) => ({ label: null, text: line }))
  return first === '' && label === '' ? below : [{ label, text: first }, ...below]
}

function problem(text: string, { width, paint }: Style): readonly Row[] {
  return wrap(`! ${text}`, (width ?? WIDTH) - LABEL).map((line) => ({ label: '', text: paint(line, 'red') }))
}

/** Renders the verdict without a label, then the other problems. */
function verdict(found: Found, style: Style): readonly Line[] {
  const { width, paint } = style
  const isHealthy = property(found, 'isHealthy') === true
  const sentence = wrap(textAt(found, 'verdict') ?? '', width ?? WIDTH)
  const others = listAt(found, 'problems').slice(1)
  return [
    ...sentence.map((line) => [paint(line, isHealthy ? 'green' : 'red', 'bold')]),
    ...others.flatMap((each) => wrap(`also: ${textAt(each, 'message') ?? ''}`, width ?? WIDTH)),
    '',
  ]
}

function certificate(found: Found, style: Style, now: Date): readonly Row[] {
  const end = textAt(found, 'certificate', 'notAfter') ?? ''
  const left = (Date.parse(end) - now.getTime()) / 1000
  const day = end.slice(0, 10)
  const expiry = left < 0 ? `EXPIRED ${day} (${span(-left)} ago)` : `expires ${day} (in ${span(left)})`
  const kind = textAt(found, 'certificate', 'keyType') ?? ''
  return [
    row('certificate', `${kind}, ${expiry}`, style),
    row('', `for ${textAt(found, 'certificate', 'names') ?? ''}`, style),
    row('', `SHA-256 ${textAt(found, 'certificate', 'sha256') ?? ''}`.replaceAll(':', ''), style),
  ].flat()
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

/** Renders the place of a mapping error as compilers do: source, line and column. */
function placeOf(error: unknown): string {
  const position = ['line', 'column'].map((name) => property(error, name)).filter((value) => typeof value === 'number')
  const path = textAt(error, 'path') ?? ''
  return `${[textAt(error, 'source') ?? '', ...position].join(':')}: ${path === '' ? '' : `${path}: `}`
}

function mappingErrors(found: unknown, style: Style): readonly Row[] {
  const shown = listAt(found, 'firstErrors').slice(0, MAX_ERRORS)
  const more = numberAt(found, 'errors') - shown.length
  return [
    ...shown.flatMap((error) => problem(`${placeOf(error)}${textAt(error, 'message') ?? ''}`, style)),
    ...(more > 0 ? row('', `and ${more} more: see the log, or lint the source`, style) : []),
  ]
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
  return [row('', text, style), fault === undefined ? [] : problem(fault, style), mappingErrors(found, style)].flat()
}

function modeFile(file: unknown, style: Style): readonly Row[] {
  const path = textAt(file, 'path')
  if (path === undefined) return []
  const fault = textAt(file, 'fault')
  const isExplained = numberAt(file, 'errors') > 0 || fault === undefined
  return [row('mode file', path, style), isExplained ? [] : problem(fault, style), mappingErrors(file, style)].flat()
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

function signingKeys(found: unknown, style: Style, now: Date): readonly Row[] {
  const fault = textAt(found, 'fault')
  const read = `${plural(numberAt(found, 'keys'), 'key')}, read ${ago(textAt(found, 'updatedAt'), now)}`
  return [
    row('', textAt(found, 'issuer') ?? '', style),
    row('', `  ${read}`, style),
    fault === undefined ? [] : problem(fault, style),
  ].flat()
}

/** Puts a label on the first of several rows, or on the text for none. */
function section(label: string, rows: readonly Row[], none: string): readonly Row[] {
  const [{ text } = { text: none }, ...rest] = rows
  return [{ label, text }, ...rest]
}

function handshakes(found: Found, style: Style, now: Date): readonly Row[] {
  const report = property(found, 'handshakes')
  const recent = numberAt(property(report, 'last5Minutes'), 'failed')
  const last = property(report, 'lastFailure')
  const when = ago(textAt(last, 'time'), now)
  const cause = textAt(last, 'error')
  return [
    row('handshakes', `${recent} failed in 5 min, ${numberAt(report, 'failed')} since the start`, style),
    cause === undefined ? [] : row('', `last ${when}: ${cause}`, style),
  ].flat()
}

function decisionCounts(decisions: unknown): string {
  return `${numberAt(decisions, 'granted')} granted, ${numberAt(decisions, 'refused')} refused`
}

function logins(found: Found, style: Style, now: Date): readonly Row[] {
  const decisions = property(found, 'decisions')
  const recent = property(decisions, 'last5Minutes')
  return [
    row('logins', `${decisionCounts(recent)} in 5 min`, style),
    row('', `${decisionCounts(decisions)} since the start`, style),
    row('', `last granted: ${ago(textAt(decisions, 'lastGrantedAt'), now)}`, style),
  ].flat()
}

function refusal(found: unknown, style: Style, now: Date): readonly Row[] {
  const who = textAt(found, 'arn')
  const what = `${numberAt(found, 'count')} x ${textAt(found, 'reason') ?? ''}`
  const when = `last ${ago(textAt(found, 'lastAt'), now)}`
  return [
    row('', `${what}${who === undefined ? '' : ` ${who}`}, ${when}`, style),
    row('', `  ${textAt(found, 'error') ?? ''}`, style),
  ].flat()
}

function refusals(found: Found, style: Style, now: Date): readonly Row[] {
  const groups = listAt(found, 'refusals').slice(0, MAX_REFUSALS)
  const shown = groups.reduce<number>((sum, group) => sum + numberAt(group, 'count'), 0)
  const more = numberAt(property(found, 'decisions'), 'refused') - shown
  const rows = groups.flatMap((each) => refusal(each, style, now))
  return [
    section('refused', rows, 'none'),
    more > 0 ? row('', `and ${more} more before these: see the log`, style) : [],
    groups.length > 0 ? row('', 'what a reason means: aws-iam-authenticator explain --reason REASON', style) : [],
  ].flat()
}

/** Renders the status for people: the verdict, then the details, 80 columns wide or as wide as the terminal. */
export function renderStatus(found: Found, style: Style, now: Date): readonly Line[] {
  const version = `${textAt(found, 'version') ?? ''} (${(textAt(found, 'commit') ?? '').slice(0, 12)}), ${textAt(found, 'runtime') ?? ''}`
  const failing = listAt(found, 'checks')
    .filter((check) => property(check, 'fault') !== null)
    .map((check) => textAt(check, 'name') ?? '')
  const audit = property(found, 'auditLog')
  const auditFault = textAt(audit, 'fault')
  const issuers = listAt(found, 'signingKeys').flatMap((each) => signingKeys(each, style, now))
  const rows = [
    row('server', `${version}, up ${span(numberAt(found, 'uptimeSeconds'))}, pid ${numberAt(found, 'pid')}`, style),
    row('cluster', `${textAt(found, 'clusterId') ?? ''} (partition ${textAt(found, 'partition') ?? ''})`, style),
    row('ready', failing.length === 0 ? 'yes' : `NO: ${failing.join(', ')}`, style),
    certificate(found, style, now),
    section(
      'backends',
      listAt(found, 'backends').flatMap((each) => backend(each, style, now)),
      'none',
    ),
    modeFile(property(found, 'backendModeFile'), style),
    section(
      'sts',
      listAt(found, 'sts').flatMap((each) => stsHost(each, style, now)),
      'not asked yet',
    ),
    issuers.length === 0 ? [] : section('issuers', issuers, ''),
    audit === null ? [] : row('audit log', textAt(audit, 'path') ?? '', style),
    auditFault === undefined ? [] : problem(auditFault, style),
    handshakes(found, style, now),
    logins(found, style, now),
    refusals(found, style, now),
  ].flat()
  const lines = rows.map(({ label, text }): Line => {
    if (label === null) return [text]
    return [label === '' ? ' '.repeat(LABEL) : style.paint(label.padEnd(LABEL), 'bold'), text]
  })
  return [...verdict(found, style), ...lines]
}
