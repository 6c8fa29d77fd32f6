import { Sha256 } from '@aws-crypto/sha256-js'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { resolveServiceHost, type EndpointVariant } from '@aws-iam-authenticator/core/aws/service-host'
import { readBody } from '@aws-iam-authenticator/network/read-body'
import { getCanonicalQuery, SignatureV4 } from '@aws-sdk/signature-v4'
import type { Dispatcher } from 'undici'
import { describeFailure } from '../util/describe-failure.ts'
import { Ec2Error } from './ec2-error.ts'
import { parseErrorCode, parseInstances, type InstancesPage } from './instances.ts'

/** The EC2 endpoint and its credentials. */
export interface Ec2Access extends EndpointVariant {
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

export interface DescribeInstancesOptions {
  readonly dispatcher: Dispatcher
  /** Called before each request, because credentials expire. */
  readonly access: () => Promise<Ec2Access>
  readonly userAgent: string
  readonly now: () => Date
}

/**
 * Requests one page about these instances, without a retry.
 *
 * @throws {Ec2Error}
 */
export type DescribeInstances = (
  instanceIds: readonly string[],
  nextToken: string | null,
  signal: AbortSignal,
) => Promise<InstancesPage>

/** The limit of an answer in bytes: many times the answer about 100 instances. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024

const THROTTLED: ReadonlySet<string> = new Set(['RequestLimitExceeded', 'Throttling', 'ThrottlingException'])
const FORBIDDEN: ReadonlySet<string> = new Set(['UnauthorizedOperation', 'AccessDenied'])

/**
 * Renders the query of a call. With a filter, unlike a list of ids, an unknown id does not fail the whole call. Values of a filter may
 * contain wildcards, but instance ids can't. Without a page size, EC2 throttles accounts with many instances.
 */
function queryOf(instanceIds: readonly string[], nextToken: string | null): Record<string, string> {
  return {
    Action: 'DescribeInstances',
    Version: '2016-11-15',
    MaxResults: '1000',
    'Filter.1.Name': 'instance-id',
    ...Object.fromEntries(instanceIds.map((id, index) => [`Filter.1.Value.${index + 1}`, id])),
    ...(nextToken === null ? {} : { NextToken: nextToken }),
  }
}

function errorOf(status: number, body: string): Ec2Error {
  const code = parseErrorCode(body)
  const said = `EC2 answered status ${status}${code === null ? '' : `, ${code}`}`
  if (code !== null && THROTTLED.has(code)) return new Ec2Error('throttled', said)
  if (status >= 500) return new Ec2Error('unreachable', said)
  // Every error of EC2 has a code. An answer without one comes from a proxy.
  if (code === null) return new Ec2Error('bad_answer', `${said}: the answer is not one of EC2`)
  if (FORBIDDEN.has(code)) {
    return new Ec2Error('refused', `${said}: allow ec2:DescribeInstances to the identity this server asks EC2 with`)
  }
  return new Ec2Error('refused', `${said}: check the credentials and the clock of this server`)
}

async function accessOf(access: () => Promise<Ec2Access>): Promise<Ec2Access & { readonly host: string }> {
  try {
    const known = await access()
    return { ...known, host: resolveServiceHost('ec2', known) }
  } catch (error) {
    // Errors of libraries may quote the request.
    const known = error instanceof AuthenticatorError || error instanceof TypeError
    throw new Ec2Error('no_access', `EC2 can't be asked: ${known ? messageOf(error) : describeFailure(error)}`)
  }
}

/** Creates the client of DescribeInstances. Each call is one GET, signed with Signature Version 4. */
export function createDescribeInstances(options: DescribeInstancesOptions): DescribeInstances {
  const { dispatcher, access, userAgent, now } = options
  return async (instanceIds, nextToken, signal) => {
    const { host, region, credentials } = await accessOf(access)
    const query = queryOf(instanceIds, nextToken)
    const request = { method: 'GET', protocol: 'https:', hostname: host, path: '/', query, headers: { host } }
    const signer = new SignatureV4({ service: 'ec2', region, credentials, sha256: Sha256 })
    const signed = await signer.sign(request, { signingDate: now() })
    // undici sets the host header itself. It would use an explicit one as the TLS server name, too.
    const { host: _, ...headers } = signed.headers
    let status: number
    let body: Buffer | undefined
    try {
      const answer = await dispatcher.request({
        origin: `https://${host}`,
        path: `/?${getCanonicalQuery(request)}`,
        method: 'GET',
        headers: { ...headers, 'user-agent': userAgent },
        signal,
      })
      status = answer.statusCode
      body = await readBody(answer.body, MAX_ANSWER_BYTES)
    } catch (error) {
      throw new Ec2Error('unreachable', `${host} can't be reached: ${describeFailure(error)}`)
    }
    if (body === undefined)
      throw new Ec2Error('bad_answer', `the answer of EC2 is longer than ${MAX_ANSWER_BYTES} bytes`)
    if (status !== 200) throw errorOf(status, body.toString())
    const page = parseInstances(body.toString())
    if (page === null) throw new Ec2Error('bad_answer', 'EC2 answered something else than instances')
    return page
  }
}
