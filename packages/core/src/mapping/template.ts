import { didYouMean } from '../document/did-you-mean.ts'
import type { Identity } from '../identity/caller-identity.ts'
import type { WebIdentity } from '../identity/web-identity.ts'
import { isTagKey } from './jwt-conditions.ts'

/** Values for templates that are not part of the identity. */
export interface TemplateFacts {
  /** The private DNS name of the EC2 instance that the session is named after, or why it has none. Undefined until EC2 was asked. */
  readonly ec2PrivateDnsName?: string | TemplateFault
}

/** The reason why a template can't be filled. */
export class TemplateFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** The EC2 instance whose private DNS name a template needs. */
export class NeedsEc2PrivateDnsName {
  readonly instanceId: string
  constructor(instanceId: string) {
    this.instanceId = instanceId
  }
}

type Value = string | TemplateFault | NeedsEc2PrivateDnsName

const EC2_INSTANCE_ID = /^i-(\w{8}|\w{17})$/
const EC2_PRIVATE_DNS_NAME = '{{EC2PrivateDNSName}}'

function ec2PrivateDnsName(identity: Identity, facts: TemplateFacts): Value {
  if (!EC2_INSTANCE_ID.test(identity.sessionName)) {
    return new TemplateFault(`${EC2_PRIVATE_DNS_NAME}: the session name is not an EC2 instance id`)
  }
  return facts.ec2PrivateDnsName ?? new NeedsEc2PrivateDnsName(identity.sessionName)
}

/** A value of the session or the access key. A JWT has neither. */
function ofSession(name: string, value: (identity: Identity) => string): [string, (identity: Identity) => Value] {
  const missing = new TemplateFault(
    `${name} is not known for a JWT: use {{SourceIdentity}}, or log in with a presigned token`,
  )
  return [name, (identity) => (identity.web === undefined ? value(identity) : missing)]
}

const JWT_ONLY = 'is known for AWS-signed JWTs only: log in with one, or use another template'

/** A value that only a JWT has. */
function ofJwt(
  name: string,
  value: (web: WebIdentity) => string | undefined,
  missing: string,
): [string, (identity: Identity) => Value] {
  const isPresigned = new TemplateFault(`${name} ${JWT_ONLY}`)
  const hasNone = new TemplateFault(`${name}: ${missing}`)
  return [name, ({ web }) => (web === undefined ? isPresigned : (value(web) ?? hasNone))]
}

const PLACEHOLDERS: ReadonlyMap<string, (identity: Identity, facts: TemplateFacts) => Value> = new Map([
  ['{{AccountID}}', ({ accountId }: Identity) => accountId],
  // Usernames of OIDC contain an @. A session name must not look like one.
  ofSession('{{SessionName}}', ({ sessionName }) => sessionName.replaceAll('@', '-')),
  ofSession('{{SessionNameRaw}}', ({ sessionName }) => sessionName),
  ofSession('{{AccessKeyID}}', ({ accessKeyId }) => accessKeyId),
  ofJwt(
    '{{SourceIdentity}}',
    ({ sourceIdentity }) => sourceIdentity,
    'the JWT has no source identity: assume the role with one, or use another template',
  ),
  ofJwt(
    '{{IdentityStoreUserID}}',
    ({ identityStoreUserId }) => identityStoreUserId,
    'the JWT is not of a user of IAM Identity Center: use another template',
  ),
  [EC2_PRIVATE_DNS_NAME, ec2PrivateDnsName],
])

const TAG_START = '{{PrincipalTag "'
const TAG_END = '"}}'
const TAG_EXAMPLE = '{{PrincipalTag "team"}}'

/**
 * The values of tags that a username or group may contain. Someone else than the author of the entry may choose them, so they can't contain
 * a colon, as in `system:masters`.
 */
export const SAFE_TAG_VALUE: RegExp = /^[\w+=,.@/-]{1,256}$/

/** The key in a placeholder for a tag; undefined for other placeholders. */
export function tagKeyOf(placeholder: string): string | undefined {
  if (!placeholder.startsWith(TAG_START) || !placeholder.endsWith(TAG_END)) return undefined
  const key = placeholder.slice(TAG_START.length, -TAG_END.length)
  return isTagKey(key) ? key : undefined
}

/** The value of a tag. No message repeats it, because it is not the operator's. */
function principalTag(placeholder: string, key: string, { web }: Identity): Value {
  if (web === undefined) return new TemplateFault(`${placeholder} ${JWT_ONLY}`)
  const value = web.principalTags.get(key)
  if (value !== undefined && SAFE_TAG_VALUE.test(value)) return value
  const fault =
    value === undefined
      ? 'the JWT has no such principal tag: tag the principal or its session'
      : 'the value of the tag is not 1 to 256 letters, digits and +=,.@/_-: change the tag'
  return new TemplateFault(`${placeholder}: ${fault}`)
}

const PLACEHOLDER = /\{\{(?:\w+|PrincipalTag "[^"{}]{1,128}")\}\}/gu
const LOOKS_LIKE_PLACEHOLDER = /\{\{[^{}]*\}\}/g

/** Splits a template. Every second part is a placeholder, known or not. */
export function splitTemplate(template: string): readonly string[] {
  const parts: string[] = []
  let end = 0
  for (const { 0: placeholder, index } of template.matchAll(PLACEHOLDER)) {
    parts.push(template.slice(end, index), placeholder)
    end = index + placeholder.length
  }
  return [...parts, template.slice(end)]
}

function valueOf(placeholder: string, identity: Identity, facts: TemplateFacts): Value {
  const value = PLACEHOLDERS.get(placeholder)?.(identity, facts)
  if (value !== undefined) return value
  const key = tagKeyOf(placeholder)
  return key === undefined ? placeholder : principalTag(placeholder, key, identity)
}

/**
 * Fills a template in one pass, so that placeholders in values are not expanded. Unknown placeholders stay as they are.
 */
export function fillTemplate(template: string, identity: Identity, facts: TemplateFacts): Value {
  let obstacle: TemplateFault | NeedsEc2PrivateDnsName | null = null
  const filled = template.replace(PLACEHOLDER, (placeholder) => {
    const value = valueOf(placeholder, identity, facts)
    if (typeof value === 'string') return value
    obstacle ??= value
    return ''
  })
  return obstacle ?? filled
}

const NONE: readonly string[] = []

const FIRST_WORD = /^\{\{\W{0,64}(\w{1,64})/

/** What to write instead of an unknown placeholder. */
function hint(placeholder: string): string {
  const [, word = ''] = FIRST_WORD.exec(placeholder) ?? []
  const isTag = didYouMean(word, ['PrincipalTag', 'SessionTag', 'RequestTag']) !== ''
  if (!isTag) return didYouMean(placeholder, PLACEHOLDERS.keys())
  return ` (write ${TAG_EXAMPLE}: one space, and the key of the tag in double quotes)`
}

/** A message for each unknown placeholder in a template. */
export function unknownPlaceholders(template: string): readonly string[] {
  if (!template.includes('{{')) return NONE
  return (template.match(LOOKS_LIKE_PLACEHOLDER) ?? [])
    .filter((text) => !PLACEHOLDERS.has(text) && tagKeyOf(text) === undefined)
    .map((text) => `${text} is not a template and stays as it is${hint(text)}`)
}
