import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { parseXML } from '@aws-sdk/xml-builder'

/** The requested fields of an EC2 instance. */
export interface Instance {
  readonly id: string
  /** Empty before an instance runs and after it was terminated. */
  readonly privateDnsName: string
  /** `pending`, `running`, `shutting-down`, `terminated`, `stopping` or `stopped`. */
  readonly state: string
}

/** One answer of DescribeInstances. */
export interface InstancesPage {
  readonly instances: readonly Instance[]
  /** The token of the next page; null on the last one. */
  readonly nextToken: string | null
}

// Error codes are logged, so that other text must not match.
const ERROR_CODE = /^[A-Za-z0-9.]{1,64}$/

/** Returns the items of a list. The parser returns undefined, one value or an array. */
function items(list: unknown): readonly unknown[] {
  const item = property(list, 'item')
  if (item === undefined) return []
  return Array.isArray(item) ? item : [item]
}

function parse(body: string): unknown {
  try {
    const document: unknown = parseXML(body)
    return document
  } catch {
    // It is not well-formed, or nested deeper than any answer of EC2.
    return undefined
  }
}

/**
 * Parses the XML answer to DescribeInstances; null for anything else.
 *
 * @see {@link https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html | DescribeInstances}
 */
export function parseInstances(body: string): InstancesPage | null {
  const response = property(parse(body), 'DescribeInstancesResponse')
  const reservations = property(response, 'reservationSet')
  if (reservations === undefined) return null
  const instances = items(reservations)
    .flatMap((reservation) => items(property(reservation, 'instancesSet')))
    .map((instance) => ({
      id: textAt(instance, 'instanceId') ?? '',
      privateDnsName: textAt(instance, 'privateDnsName') ?? '',
      state: textAt(instance, 'instanceState', 'name') ?? '',
    }))
  const nextToken = textAt(response, 'nextToken') ?? ''
  return { instances, nextToken: nextToken === '' ? null : nextToken }
}

/**
 * Parses the code of an error answer of EC2; null if there is none that is safe to log.
 *
 * @see {@link https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html | EC2 error codes}
 */
export function parseErrorCode(body: string): string | null {
  const code = textAt(parse(body), 'Response', 'Errors', 'Error', 'Code') ?? ''
  return ERROR_CODE.test(code) ? code : null
}
