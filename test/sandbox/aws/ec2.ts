import { setTimeout } from 'node:timers/promises'
import type { Identity } from './account.ts'
import { parseAuthentication } from './authentication.ts'
import { AwsError, type AwsErrorCode } from './aws-error.ts'
import { ec2Failure, instancesAnswer } from './ec2-answer.ts'
import { parseDescribeInstances, type DescribeInstancesQuery } from './ec2-query.ts'
import type { Faults } from './faults.ts'
import { parseParameters } from './query-protocol.ts'
import { requestLog, type RecordedRequest } from './request-log.ts'
import { verifySignature } from './sigv4.ts'
import { hostName, type Answer, type Reply, type Route, type WireRequest } from './wire.ts'

export interface Ec2Instance {
  readonly accountId: string
  readonly region: string
  readonly privateDnsName: string
  readonly state: string
}

/** A call with a valid signature. */
export type Ec2Call = DescribeInstancesQuery & { readonly caller: string; readonly region: string }

/** The fake EC2, for all its hosts at once. */
export interface Ec2 extends Route {
  /** By id; tests may change it at any time. */
  readonly instances: Map<string, Ec2Instance>
  /** Every request, in order, including those that a fault swallowed. */
  readonly requests: readonly RecordedRequest[]
  /** The accepted calls, in order. */
  readonly calls: readonly Ec2Call[]
  /** The ARNs that may call DescribeInstances; null for everyone. */
  allowed: ReadonlySet<string> | null
  /** The maximum number of instances per page. */
  pageSize: number
  /** The latency of each answer, in milliseconds. */
  delay: number
  /** Answers the next calls with this error. */
  fail(code: AwsErrorCode, times?: number): void
}

export interface Ec2Options {
  /** By access key id. */
  readonly identities: ReadonlyMap<string, Identity>
  readonly faults: Faults
  readonly now: () => Date
}

const HOST = /^ec2(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/

/**
 * An EC2 that supports DescribeInstances, by instance ids or by the filter `instance-id`, with pages. Each region's host
 * accepts signatures for that region only, and a caller sees the instances of that region and its own account.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
 */
export function createEc2({ identities, faults, now }: Ec2Options): Ec2 {
  const log = requestLog(now)
  const calls: Ec2Call[] = []
  let failing: { readonly code: AwsErrorCode; times: number } | undefined

  function authenticate(request: WireRequest, region: string): Identity {
    const authentication = parseAuthentication(request)
    const identity = identities.get(authentication?.accessKeyId ?? '')
    if (authentication === undefined || identity?.sessionToken !== authentication.sessionToken) {
      throw new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials')
    }
    if (identity === undefined || (identity.expires !== undefined && identity.expires <= now())) {
      throw new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials')
    }
    verifySignature(request, authentication, {
      secretAccessKey: identity.secretAccessKey,
      region,
      service: 'ec2',
      now: now(),
    })
    return identity
  }

  function describe(query: DescribeInstancesQuery, accountId: string, region: string): Answer {
    const visible = [...ec2.instances].filter(([, each]) => each.accountId === accountId && each.region === region)
    const known = new Map(visible)
    const missing = query.instanceIds.find((id) => !known.has(id))
    if (missing !== undefined) {
      throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${missing}' does not exist`)
    }
    const chosen = visible.filter(
      ([id]) =>
        (query.instanceIds.length === 0 || query.instanceIds.includes(id)) && (query.filtered?.includes(id) ?? true),
    )
    const from = query.nextToken === undefined ? 0 : Number(Buffer.from(query.nextToken, 'base64').toString().slice(6))
    const to = from + Math.min(query.maxResults ?? Infinity, ec2.pageSize)
    // As in the real EC2, a token has characters that need percent-encoding.
    const next = to < chosen.length ? Buffer.from(`token>${to}`).toString('base64') : undefined
    return instancesAnswer(chosen.slice(from, to), next)
  }

  async function reply(request: WireRequest): Promise<Reply> {
    if (ec2.delay > 0) await setTimeout(ec2.delay, undefined, { signal: request.signal })
    const fault = await faults.strike(request)
    if (fault !== undefined) return fault
    try {
      if (failing !== undefined && failing.times > 0) {
        failing.times -= 1
        throw new AwsError(failing.code, 'the test said so')
      }
      const region = HOST.exec(hostName(request.host))?.[1] ?? ''
      const caller = authenticate(request, region)
      const parameters = parseParameters(request)
      if (parameters.get('Action') !== 'DescribeInstances' || parameters.get('Version') !== '2016-11-15') {
        throw new AwsError('InvalidAction', 'The action is not valid for this web service.')
      }
      const query = parseDescribeInstances(parameters)
      calls.push({ ...query, caller: caller.arn, region })
      if (ec2.allowed?.has(caller.arn) === false) {
        throw new AwsError(
          'UnauthorizedOperation',
          `You are not authorized to perform this operation. User: ${caller.arn} is not authorized`,
        )
      }
      return describe(query, caller.accountId, region)
    } catch (error) {
      if (error instanceof AwsError) return ec2Failure(error)
      throw error
    }
  }

  const ec2: Ec2 = {
    instances: new Map(),
    requests: log.requests,
    calls,
    allowed: null,
    pageSize: 1000,
    delay: 0,
    fail: (code, times = Infinity) => {
      failing = { code, times }
    },
    matches: (host) => HOST.test(host),
    handle: (request) => log.watch(request, reply),
  }
  return ec2
}
