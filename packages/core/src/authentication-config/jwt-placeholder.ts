import type { Identity } from '../identity/caller-identity.ts'
import type { TextClaim } from '../identity/web-identity.ts'
import {
  fillTemplate,
  NeedsEc2PrivateDnsName,
  SAFE_TAG_VALUE,
  splitTemplate,
  tagKeyOf,
  TemplateFault,
} from '../mapping/template.ts'
import { literal } from './cel.ts'

/** A placeholder whose value is a claim of the JWT. */
export interface JwtPlaceholder {
  /** Such as `{{SourceIdentity}}`. */
  readonly text: string
  /** An expression over `aws`: the value, or the text of the placeholder if the JWT has none that may be used. */
  readonly value: string
}

/** The API server reads `__dot__` and the like in the name of a claim as another name. */
const ESCAPED_NAME = /__[^_]+__/

const CLAIMS: ReadonlyMap<string, TextClaim> = new Map([
  ['{{SourceIdentity}}', 'source_identity'],
  ['{{IdentityStoreUserID}}', 'identity_store_user_id'],
])

function jwtPlaceholder(text: string): JwtPlaceholder | TemplateFault | null {
  const claim = CLAIMS.get(text)
  if (claim !== undefined) return { text, value: `string(aws.?${claim}.orValue(${literal(text)}))` }
  const key = tagKeyOf(text)
  if (key === undefined) return null
  if (isEscapedName(key)) return new TemplateFault(`${text}: the API server can't read a tag of this name: rename it`)
  const tag = tagValue(key)
  return { text, value: `${tag}.matches(${literal(SAFE_TAG_VALUE.source)}) ? ${tag} : ${literal(text)}` }
}

/** Returns whether the API server would look for another name. */
export function isEscapedName(name: string): boolean {
  return ESCAPED_NAME.test(name)
}

/** An expression over `aws`: the value of a tag, empty if the principal does not have it. */
export function tagValue(key: string): string {
  return `string(aws.?principal_tags[?${literal(key)}].orValue(''))`
}

/** A template as far as it is known before the login. */
export interface KnownTemplate {
  /** Contains the text of each placeholder below, and no other braces. */
  readonly text: string
  readonly placeholders: readonly JwtPlaceholder[]
}

/** A JWT of an account, with no claims. */
function jwtOf(accountId: string): Identity {
  const web = {
    sourceIdentity: undefined,
    identityStoreUserId: undefined,
    orgId: undefined,
    ouPaths: [],
    principalTags: new Map<string, string>(),
  }
  const [arn, kind] = ['', 'role'] as const
  return { arn, canonicalArn: arn, kind, accountId, userId: '', sessionName: '', accessKeyId: '', web }
}

/** Fills what is the same for all JWTs of an account. A fault is the same for all of them too. */
export function fillKnown(template: string, accountId: string): KnownTemplate | TemplateFault {
  const placeholders = new Map<string, JwtPlaceholder>()
  let text = ''
  let hasBraces = false
  // Every second part is a placeholder.
  for (const [index, part] of splitTemplate(template).entries()) {
    const found = index % 2 === 0 ? part : (jwtPlaceholder(part) ?? fillTemplate(part, jwtOf(accountId), {}))
    if (found instanceof TemplateFault) return found
    if (found instanceof NeedsEc2PrivateDnsName) return new TemplateFault(`${part} is not known for a JWT`)
    if (typeof found !== 'string') placeholders.set(found.text, found)
    else hasBraces ||= /[{}]/.test(found)
    text += typeof found === 'string' ? found : found.text
  }
  if (hasBraces && placeholders.size > 0) {
    const [name = ''] = placeholders.keys()
    return new TemplateFault(`${name} is the only template that may have braces in this text: remove the other ones`)
  }
  return { text, placeholders: [...placeholders.values()] }
}

/** An expression that fills the placeholders of a text from `values`. Those without a value stay. */
export function fillExpression(text: string, placeholders: readonly JwtPlaceholder[]): string {
  const names = placeholders.map((placeholder) => literal(placeholder.text))
  return names.reduce((before, name) => `${before}.replace(${name}, values[${name}])`, text)
}
