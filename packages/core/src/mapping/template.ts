import { didYouMean } from '../document/did-you-mean.ts'
import type { Identity } from '../identity/caller-identity.ts'

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

const PLACEHOLDERS: ReadonlyMap<string, (identity: Identity, facts: TemplateFacts) => Value> = new Map([
  ['{{AccountID}}', ({ accountId }: Identity) => accountId],
  // Usernames of OIDC contain an @. A session name must not look like one.
  ofSession('{{SessionName}}', ({ sessionName }) => sessionName.replaceAll('@', '-')),
  ofSession('{{SessionNameRaw}}', ({ sessionName }) => sessionName),
  ofSession('{{AccessKeyID}}', ({ accessKeyId }) => accessKeyId),
  [EC2_PRIVATE_DNS_NAME, ec2PrivateDnsName],
])

const PLACEHOLDER = /\{\{\w+\}\}/g
const LOOKS_LIKE_PLACEHOLDER = /\{\{[^{}]*\}\}/g

/**
 * Fills a template in one pass, so that placeholders in values are not expanded. Unknown placeholders stay as they are.
 */
export function fillTemplate(template: string, identity: Identity, facts: TemplateFacts): Value {
  let obstacle: TemplateFault | NeedsEc2PrivateDnsName | null = null
  const filled = template.replace(PLACEHOLDER, (placeholder) => {
    const value = PLACEHOLDERS.get(placeholder)?.(identity, facts) ?? placeholder
    if (typeof value === 'string') return value
    obstacle ??= value
    return ''
  })
  return obstacle ?? filled
}

const NONE: readonly string[] = []

/** A message for each unknown placeholder in a template. */
export function unknownPlaceholders(template: string): readonly string[] {
  if (!template.includes('{{')) return NONE
  return (template.match(LOOKS_LIKE_PLACEHOLDER) ?? [])
    .filter((text) => !PLACEHOLDERS.has(text))
    .map((text) => `${text} is not a template and stays as it is${didYouMean(text, PLACEHOLDERS.keys())}`)
}
