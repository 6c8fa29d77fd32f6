import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { parseXML } from '@aws-sdk/xml-builder'

/** What is asked of an EC2 instance. */
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
  /** What to ask the next page with; null on the last one. */
  readonly nextToken: string | null
}

// An error code goes into a log line: only text that looks like one.
const ERROR_CODE = /^[A-Za-z0-9.]{1,64}$/

/** The items of a list, which the parser gives as nothing, as one value or as many. */
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
    // Not well-formed, or nested deeper than any answer of EC2.
    return undefined
  }
}

/**
 * Reads the XML answer to DescribeInstances; null for anything else.
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
 * The code in an error answer of EC2; null where there is none that is safe to show.
 *
 * @see {@link https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html | EC2 error codes}
 */
export function parseErrorCode(body: string): string | null {
  const code = textAt(parse(body), 'Response', 'Errors', 'Error', 'Code') ?? ''
  return ERROR_CODE.test(code) ? code : null
}
