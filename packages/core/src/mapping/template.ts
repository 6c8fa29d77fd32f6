import { didYouMean } from '../document/did-you-mean.ts'
import type { Identity } from '../identity/caller-identity.ts'

/** Values that a template needs and that the identity does not carry. */
export interface TemplateFacts {
  /** The private DNS name of the EC2 instance whose id is the session name, or why it has none; undefined while nobody has asked EC2. */
  readonly ec2PrivateDnsName?: string | TemplateFault
}

/** A template that can't be filled. */
export class TemplateFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** A template that needs the private DNS name of this EC2 instance first. */
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
    return new TemplateFault(`${EC2_PRIVATE_DNS_NAME}: the session name is no EC2 instance id`)
  }
  return facts.ec2PrivateDnsName ?? new NeedsEc2PrivateDnsName(identity.sessionName)
}

const PLACEHOLDERS: ReadonlyMap<string, (identity: Identity, facts: TemplateFacts) => Value> = new Map([
  ['{{AccountID}}', ({ accountId }: Identity) => accountId],
  // An @ is what usernames of OIDC have; a session name must not be able to look like one.
  ['{{SessionName}}', ({ sessionName }: Identity) => sessionName.replaceAll('@', '-')],
  ['{{SessionNameRaw}}', ({ sessionName }: Identity) => sessionName],
  ['{{AccessKeyID}}', ({ accessKeyId }: Identity) => accessKeyId],
  [EC2_PRIVATE_DNS_NAME, ec2PrivateDnsName],
])

const PLACEHOLDER = /\{\{\w+\}\}/g
const LOOKS_LIKE_PLACEHOLDER = /\{\{[^{}]*\}\}/g

/**
 * Fills a template in one pass, so that a value which looks like a template is never itself expanded. What is no known
 * placeholder stays as it is written.
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

/** What in a template looks like a placeholder and is none, with a hint for each. */
export function unknownPlaceholders(template: string): readonly string[] {
  if (!template.includes('{{')) return NONE
  return (template.match(LOOKS_LIKE_PLACEHOLDER) ?? [])
    .filter((text) => !PLACEHOLDERS.has(text))
    .map((text) => `${text} is not a template and stays as it is${didYouMean(text, PLACEHOLDERS.keys())}`)
}
