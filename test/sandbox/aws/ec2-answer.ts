import { randomUUID } from 'node:crypto'
import type { AwsError } from './aws-error.ts'
import type { Ec2Instance } from './ec2.ts'
import type { Answer } from './wire.ts'

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/'
const PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function xml(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body: PROLOGUE + body }
}

/** One instance in a reservation of its own, surrounded by fields with the same names. */
function reservation([id, { accountId, privateDnsName, state }]: readonly [string, Ec2Instance]): string {
  const name = escapeXml(privateDnsName)
  return `
    <item>
      <reservationId>r-${id.slice(2)}</reservationId>
      <ownerId>${accountId}</ownerId>
      <groupSet/>
      <instancesSet>
        <item>
          <instanceId>${id}</instanceId>
          <instanceState>
            <code>16</code>
            <name>${state}</name>
          </instanceState>
          <privateDnsName>${name}</privateDnsName>
          <dnsName/>
          <reason/>
          <tagSet>
            <item>
              <key>privateDnsName</key>
              <value>&lt;privateDnsName&gt;tag.example.com&lt;/privateDnsName&gt;</value>
            </item>
          </tagSet>
          <networkInterfaceSet>
            <item>
              <networkInterfaceId>eni-${id.slice(2)}</networkInterfaceId>
              <privateDnsName>interface.${name}</privateDnsName>
            </item>
          </networkInterfaceSet>
        </item>
      </instancesSet>
    </item>`
}

/** The answer of DescribeInstances. */
export function instancesAnswer(instances: readonly (readonly [string, Ec2Instance])[], nextToken?: string): Answer {
  const set =
    instances.length === 0
      ? '<reservationSet/>'
      : `<reservationSet>${instances.map(reservation).join('')}\n  </reservationSet>`
  const next = nextToken === undefined ? '' : `\n  <nextToken>${escapeXml(nextToken)}</nextToken>`
  return xml(
    200,
    `<DescribeInstancesResponse xmlns="${NAMESPACE}">
  <requestId>${randomUUID()}</requestId>
  ${set}${next}
</DescribeInstancesResponse>
`,
  )
}

/**
 * A refusal, in the format of EC2.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export function ec2Failure({ code, message, status }: AwsError): Answer {
  const error = `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`
  return xml(status, `<Response><Errors>${error}</Errors><RequestID>${randomUUID()}</RequestID></Response>`)
}
