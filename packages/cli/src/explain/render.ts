import { reasons, reasonUrl } from '@aws-iam-authenticator/core/errors/reasons'
import type { Location } from '@aws-iam-authenticator/core/errors/problem'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { WebIdentity } from '@aws-iam-authenticator/core/identity/web-identity'
import { formatJson, type Style } from '../terminal/style.ts'
import { wrap, wrapBeside, wrapCommand } from '../terminal/wrap.ts'
import type { Colour, Line } from '../terminal/writer.ts'
import { ADVICE } from './advice.ts'
import type { BackendAnswer, Check, Explanation } from './explanation.ts'

type Outcome = Check['outcome'] | BackendAnswer['outcome']

interface Mark {
  readonly symbol: string
  readonly word: string
  readonly colours: readonly Colour[]
}

const GOOD: Mark = { symbol: '✓', word: 'ok', colours: ['green'] }
const BAD: Mark = { symbol: '✗', word: 'FAIL', colours: ['red', 'bold'] }
const NEITHER: Mark = { symbol: '·', word: '-', colours: ['dim'] }

const MARKS: Readonly<Record<Outcome, Mark>> = {
  passed: GOOD,
  mapped: GOOD,
  failed: BAD,
  refused: BAD,
  unavailable: { symbol: '?', word: '?', colours: ['yellow'] },
  not_reached: NEITHER,
  skipped: NEITHER,
  no_match: NEITHER,
  not_asked: NEITHER,
}

const LABEL_WIDTH = 14

const LABELS: Readonly<Record<Check['check'], string>> = {
  prefix: 'prefix',
  size: 'size',
  encoding: 'encoding',
  url: 'URL',
  host: 'host',
  parameters: 'parameters',
  cluster_header: 'cluster ID',
  lifetime: 'lifetime',
  clock: 'clock',
  access_key: 'access key',
  sts: 'STS',
  jwt_form: 'JWT',
  issuer: 'issuer',
  signing_key: 'key',
  signature: 'signature',
  claims: 'claims',
}

/** Returns false if the login is undecided because something is unknown. */
function isVerdict({ refusal }: Explanation): boolean {
  return refusal === null || reasons[refusal.reason].status === 200
}

export function outcomeOf(explanation: Explanation): 'mapped' | 'refused' | 'undecided' {
  if (explanation.refusal === null) return 'mapped'
  return isVerdict(explanation) ? 'refused' : 'undecided'
}

function placeOf({ source, line, column }: Location): string {
  return `${source}:${line}:${column}`
}

class Page {
  readonly #style: Style
  readonly #lines: Line[] = []

  constructor(style: Style) {
    this.#style = style
  }

  heading(text: string): void {
    if (this.#lines.length > 0) this.#lines.push('')
    this.#lines.push([this.#style.paint(text, 'bold')])
  }

  /** Adds a line with a mark and a label. The text is wrapped and aligned. */
  row(outcome: Outcome | null, label: string, text: string): void {
    const { marks, paint, width } = this.#style
    const { symbol, word, colours } = outcome === null ? { symbol: '', word: '', colours: [] } : MARKS[outcome]
    const mark = marks ? symbol.padEnd(1) : word.padEnd(4)
    const indent = 2 + mark.length + 1 + LABEL_WIDTH
    const { first, rest } = wrapBeside(text, indent, width ?? Infinity)
    const left = ['  ', paint(mark, ...colours)]
    if (first === '') this.#lines.push([...left, ` ${label}`])
    else {
      const shown = outcome === 'not_reached' ? paint(first, 'dim') : first
      this.#lines.push([...left, ` ${label.padEnd(LABEL_WIDTH)}`, shown])
    }
    this.#lines.push(...rest)
  }

  paragraph(text: string, bullet = '', ...colours: readonly Colour[]): void {
    const { width, paint } = this.#style
    const lines = width === null ? [text] : wrap(text, width - 2 - bullet.length)
    const left = (index: number): string => `  ${index === 0 ? bullet : ' '.repeat(bullet.length)}`
    this.#lines.push(...lines.map((line, index) => [left(index), paint(line, ...colours)]))
  }

  /** Adds a command, or an entry in YAML or JSON, which can be pasted although it is wrapped. */
  suggestion(text: string): void {
    const width = (this.#style.width ?? Infinity) - 2
    const lines = /^[[{]/.test(text) ? wrap(text, width) : wrapCommand(text, width)
    this.#lines.push(...lines.map((line) => `  ${line}`))
  }

  get lines(): readonly Line[] {
    return this.#lines
  }
}

function entryText({ principal, username, groups }: MappingEntry): string {
  return `${principal}, username ${username}, groups [${groups.join(' ')}]`
}

function addToken(page: Page, { checks, caller }: Explanation): void {
  page.heading('Token')
  if (checks.length === 0) page.row('skipped', 'none', 'who logs in is taken from --arn')
  for (const { check, outcome, detail } of checks) {
    page.row(outcome, LABELS[check], outcome === 'not_reached' ? 'not reached' : detail)
  }
  if (caller === null) return
  const { arn, canonicalArn, sessionName, userId, web } = caller.identity
  page.heading('Identity')
  page.row(null, 'ARN', arn)
  if (canonicalArn !== arn) page.row(null, 'mapped as', canonicalArn)
  if (sessionName !== '') page.row(null, 'session name', caller.hasSessionName ? sessionName : 'not given')
  if (web === undefined) page.row(null, 'unique id', userId === '' ? 'not given' : userId)
  else addWebIdentity(page, web)
}

/** What only a JWT tells. */
function addWebIdentity(page: Page, web: WebIdentity): void {
  const tags = [...web.principalTags].map(([key, value]) => `${key}=${value}`)
  page.row(null, 'source id', web.sourceIdentity ?? 'none')
  if (web.identityStoreUserId !== undefined) page.row(null, 'store user id', web.identityStoreUserId)
  if (web.orgId !== undefined) page.row(null, 'organization', [web.orgId, ...web.ouPaths].join(', '))
  if (tags.length > 0) page.row(null, 'tags', tags.join(', '))
}

function addBackends(page: Page, { backends, caller }: Explanation): void {
  if (caller === null) return
  page.heading('Backends')
  for (const { backend, from, outcome, entry, detail } of backends) {
    const where = entry === null ? (from === null ? '' : ` (${from})`) : ` at ${placeOf(entry.location)}`
    page.row(outcome, backend, `${detail}${where}`)
  }
}

function addResult(page: Page, explanation: Explanation): void {
  const { checks, user, refusal, nearest, suggestion, scrubbed, caller } = explanation
  page.heading('Result')
  if (refusal !== null) {
    page.row(isVerdict(explanation) ? 'failed' : 'unavailable', outcomeOf(explanation), refusal.reason)
    const isSaid = checks.some(({ detail }) => detail === refusal.message) || refusal.reason === 'backend_unavailable'
    if (!isSaid) page.row(null, '', refusal.message)
    page.heading('What to do')
    for (const { message, location, entry } of nearest) {
      page.paragraph(`${message} (${placeOf(location)})`, '- ')
      if (entry !== null) page.paragraph(`  ${entryText(entry)}`)
    }
    page.paragraph(ADVICE[refusal.reason])
    if (suggestion !== null) page.suggestion(suggestion)
    page.paragraph(`Read more: aws-iam-authenticator explain --reason ${refusal.reason}`)
  }
  if (user === null) return
  page.row('mapped', 'mapped', '')
  page.row(null, 'username', user.username === '' ? 'an empty one' : user.username)
  page.row(null, 'groups', (user.groups ?? []).join(', ') || 'none')
  if (caller?.hasUserId === true || scrubbed) page.row(null, 'uid', user.uid)
  if (scrubbed) page.row(null, 'scrubbed', 'the API server gets only this, and the log has neither ARN nor ids')
}

/** Renders the explanation for people. */
export function renderExplanation(explanation: Explanation, style: Style): readonly Line[] {
  const page = new Page(style)
  addToken(page, explanation)
  addBackends(page, explanation)
  addResult(page, explanation)
  if (explanation.notes.length > 0) page.heading('Notes')
  for (const note of explanation.notes) page.paragraph(note, '- ')
  return page.lines
}

function entryJson(entry: MappingEntry | null): unknown {
  if (entry === null) return null
  const { path, location, principal, username, groups } = entry
  const { source: file, line, column } = location
  return { path, file, line, column, principal, username, groups }
}

/** What only a JWT tells; null for any other caller. */
function webIdentityJson(web: WebIdentity | undefined): unknown {
  return web === undefined ? null : { ...web, principalTags: Object.fromEntries(web.principalTags) }
}

/** The user in the server's answer to the API server, without placeholder values. */
function userJson({ checks, user, caller, scrubbed }: Explanation): unknown {
  if (user === null) return null
  const { username, uid, groups = [], extra } = user
  const isKnown = checks.length > 0
  const id = caller?.hasUserId === true || scrubbed ? uid : null
  return { username, uid: id, groups, ...(isKnown && extra !== undefined ? { extra } : {}) }
}

/** Renders the explanation for scripts. */
export function renderJson(explanation: Explanation): string {
  const { checks, caller, backends, refusal, nearest, suggestion, scrubbed, notes } = explanation
  return formatJson({
    outcome: outcomeOf(explanation),
    reason: refusal?.reason ?? null,
    message: refusal?.message ?? null,
    see: refusal === null ? null : reasonUrl(refusal.reason),
    checks,
    identity:
      caller === null
        ? null
        : {
            arn: caller.identity.arn,
            canonicalArn: caller.identity.canonicalArn,
            accountId: caller.identity.accountId,
            userId: caller.hasUserId ? caller.identity.userId : null,
            sessionName: caller.hasSessionName ? caller.identity.sessionName : null,
            webIdentity: webIdentityJson(caller.identity.web),
          },
    backends: backends.map(({ backend, from, outcome, entry, detail }) => {
      return { backend, from, outcome, entry: entryJson(entry), detail }
    }),
    user: userJson(explanation),
    scrubbed,
    nearest: nearest.map(({ kind, backend, path, location, message, entry }) => {
      const { source: file, line, column } = location
      return { kind, backend, path, file, line, column, message, entry: entryJson(entry) }
    }),
    suggestion,
    advice: refusal === null ? null : ADVICE[refusal.reason],
    notes,
  })
}
