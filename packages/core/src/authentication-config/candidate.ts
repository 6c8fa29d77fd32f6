import { arnOf } from '../mapping/arn-parts.ts'
import { conditionThatFails, NO_CONDITIONS } from '../mapping/conditions.ts'
import type { MappingEntry } from '../mapping/entry.ts'
import { TemplateFault } from '../mapping/template.ts'
import { bind, literal } from './cel.ts'
import { conditionExpressions } from './jwt-conditions.ts'
import { fillExpression, fillKnown, type JwtPlaceholder, type KnownTemplate } from './jwt-placeholder.ts'

/** What an entry, or mapAccounts, gives a JWT that it matches. */
export interface Candidate {
  /** Expressions over `aws`. All must be true. Empty if the key alone decides. */
  readonly conditions: readonly string[]
  /** The username before its placeholders are filled, empty to refuse; null if only `usernameExpression` has it. */
  readonly username: string | null
  readonly usernameExpression: string
  readonly groups: readonly string[]
  readonly placeholders: readonly JwtPlaceholder[]
}

/** What the API server can't express, and how to change it. */
interface Fault {
  readonly field: string
  readonly message: string
}

/** A candidate, or null if the entry matches no JWT; and what the API server can't express. */
interface ReadEntry {
  readonly candidate: Candidate | null
  readonly faults: readonly Fault[]
  readonly warning: string | null
}

/** Refuses a JWT, as the server does if the first entry that matches can't give a user. */
export const REFUSAL: Candidate = {
  conditions: [],
  username: '',
  usernameExpression: literal(''),
  groups: [],
  placeholders: [],
}

/** A JWT as conditions on sessions see it. */
const JWT = { userId: '', sessionName: '' }

function neverMatches(field: string, message: string): ReadEntry {
  return { candidate: null, faults: [{ field, message }], warning: null }
}

/** An entry that may be for a JWT, which does not tell. Nothing after it may decide. */
function undecided(field: string, message: string): ReadEntry {
  return { candidate: REFUSAL, faults: [{ field, message }], warning: null }
}

/** What a username begins with before its first placeholder. */
function knownStart({ text, placeholders }: KnownTemplate): string {
  return text.slice(0, Math.min(text.length, ...placeholders.map((placeholder) => text.indexOf(placeholder.text))))
}

/** The username as an expression that is empty if it begins with a reserved prefix. */
function checkedUsername({ text, placeholders }: KnownTemplate, prefixes: readonly string[]): string {
  const isReserved = prefixes.map((prefix) => `u.startsWith(${literal(prefix)})`).join(' || ')
  return bind('u', fillExpression(literal(text), placeholders), `${isReserved} ? '' : u`)
}

/** The templates of an entry. A fault refuses the login, whatever the others are. */
function readTemplates(entry: MappingEntry, accountId: string): readonly [KnownTemplate, ...KnownTemplate[]] | Fault {
  const username = fillKnown(entry.username, accountId)
  if (username instanceof TemplateFault) return { field: 'username', message: username.message }
  if (username.text === '') {
    return { field: 'username', message: 'is empty, which the API server refuses: write a username' }
  }
  const groups: KnownTemplate[] = []
  for (const template of entry.groups) {
    const group = fillKnown(template, accountId)
    if (group instanceof TemplateFault) return { field: 'groups', message: group.message }
    if (group.text === '')
      return { field: 'groups', message: 'have an empty one, which the API server drops: remove it' }
    groups.push(group)
  }
  return [username, ...groups]
}

/** Reads an entry whose key and conditions can match a JWT. */
function readUser(
  entry: MappingEntry,
  accountId: string,
  reserved: readonly string[],
  conditions: readonly string[],
): ReadEntry {
  const refusal = { ...REFUSAL, conditions }
  const templates = readTemplates(entry, accountId)
  if ('field' in templates) return { candidate: refusal, faults: [templates], warning: null }
  const [username, ...groups] = templates
  const start = knownStart(username)
  const certain = reserved.find((prefix) => start.startsWith(prefix))
  if (certain !== undefined) {
    const warning = `its username begins with "${certain}", which is reserved: logins are refused`
    return { candidate: refusal, faults: [], warning }
  }
  // Placeholders may complete these prefixes.
  const prefixes = username.placeholders.length === 0 ? [] : reserved.filter((prefix) => prefix.startsWith(start))
  const isText = prefixes.length === 0
  const candidate: Candidate = {
    conditions,
    username: isText ? username.text : null,
    usernameExpression: isText ? literal(username.text) : checkedUsername(username, prefixes),
    groups: groups.map(({ text }) => text),
    placeholders: templates.flatMap(({ placeholders }) => placeholders),
  }
  return { candidate, faults: [], warning: null }
}

/** The canonical ARN of a principal of a JWT in lower case, or its start up to the account's roles or users. */
const JWT_ARN = /^arn:[a-z-]+:iam::(\d{12}):(?:role\/[\w+=,.@-]{0,64}|user\/(?:[!-~]{1,510}\/)?[\w+=,.@-]{0,64})$/

/** The account of an ARN. Null if the ARN can't be that of a JWT. */
export function jwtAccount(arn: string): string | null {
  return JWT_ARN.exec(arn)?.[1] ?? null
}

/** Reads an entry as `decide` would apply it to a JWT. */
export function readEntry(entry: MappingEntry, reserved: readonly string[]): ReadEntry {
  if (entry.key.type === 'userId') {
    return undecided('userid', 'is not known for a JWT, so the entry refuses them: write rolearn or userarn')
  }
  const { principalId, sessionNames } = entry.conditions ?? NO_CONDITIONS
  const failed = conditionThatFails({ ...NO_CONDITIONS, principalId, sessionNames }, JWT)
  if (failed === 'principalId') {
    return undecided('principalid', 'is not known for a JWT, so the entry refuses them: write sourceIdentity')
  }
  if (failed === 'sessionNames') {
    return undecided('sessionnames', 'a JWT has no session name, so the entry refuses them: write sourceIdentity')
  }
  if (failed !== null) return neverMatches('', 'has conditions for JWTs: they can not be expressed yet')
  const accountId = jwtAccount(arnOf(entry) ?? '')
  if (accountId === null) {
    return neverMatches(
      '',
      'is for a principal that has no JWT, so the entry matches none: only roles and users have one',
    )
  }
  const conditions = conditionExpressions(entry.conditions ?? NO_CONDITIONS)
  if (!('unreadableTag' in conditions)) return readUser(entry, accountId, reserved, conditions)
  const message = `the API server can't read a tag of the name "${conditions.unreadableTag}": rename it`
  return { candidate: REFUSAL, faults: [{ field: 'principalTags', message }], warning: null }
}

/**
 * The user of an account in mapAccounts, who has the canonical ARN as the username. The path of an IAM user may contain braces, which must not
 * be filled as a template.
 */
export const ACCOUNT_CANDIDATE: Candidate = {
  conditions: [],
  username: null,
  usernameExpression: "(canonical.contains('{{') ? '' : canonical)",
  groups: [],
  placeholders: [],
}
