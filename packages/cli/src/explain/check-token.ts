import { parseToken, type StsRequest } from '@aws-iam-authenticator/core/token/presigned-url'
import { PRESIGNED_URL_LIFETIME_MS } from '@aws-iam-authenticator/core/token/signing-time'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { TOKEN_CHECKS, type TokenCheck } from '@aws-iam-authenticator/core/token/checks'
import { verifyToken, type VerifyTokenOptions } from '../verify/verify-token.ts'
import type { Caller, Check } from './explanation.ts'

const MINUTE_MS = 60_000

/** The results of checking a token. */
export interface CheckedToken {
  readonly checks: readonly Check[]
  readonly caller: Caller | null
  readonly refusal: Refusal | null
}

function ago(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  const time = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`
  return ms >= 0 ? `${time} ago` : `${time} ahead of this clock`
}

/** Describes a passed check, without anything secret from the token. */
function detailOf(check: TokenCheck, token: string, request: StsRequest | Refusal, now: Date): string {
  const parsed = request instanceof Refusal ? null : request
  const leftMs = parsed === null ? 0 : parsed.signedAt.getTime() + PRESIGNED_URL_LIFETIME_MS - now.getTime()
  const details: Readonly<Record<TokenCheck, string>> = {
    prefix: 'begins with k8s-aws-v1.',
    size: `${token.length} bytes`,
    encoding: 'base64url without padding',
    url: 'https://<host>/?<query>, printable ASCII',
    host: parsed?.host ?? 'an STS endpoint of the partition',
    parameters: 'those of GetCallerIdentity, each once',
    cluster_header: 'the cluster ID is signed',
    lifetime: 'X-Amz-Expires is at most 900',
    clock:
      parsed === null
        ? 'signed within the last 15 minutes'
        : `signed ${ago(now.getTime() - parsed.signedAt.getTime())}, good for ${Math.floor(leftMs / MINUTE_MS)} more minutes`,
    access_key: parsed?.accessKeyId ?? 'an access key id',
  }
  return details[check]
}

/** Checks a token: first locally, in the server's order, then with STS. */
export async function checkToken(token: string, options: VerifyTokenOptions): Promise<CheckedToken> {
  const now = options.now()
  const { partition, serverRegion, stsRegions } = options
  const passed = new Set<TokenCheck>()
  const request = parseToken(token, { partition, serverRegion, stsRegions, now }, (check) => passed.add(check))
  const failedAt = TOKEN_CHECKS.find((check) => !passed.has(check))
  const checks = TOKEN_CHECKS.map((check): Check => {
    if (passed.has(check)) return { check, outcome: 'passed', detail: detailOf(check, token, request, now) }
    const isFirst = check === failedAt && request instanceof Refusal
    return isFirst
      ? { check, outcome: 'failed', detail: request.message }
      : { check, outcome: 'not_reached', detail: '' }
  })
  if (request instanceof Refusal) {
    return { checks: [...checks, { check: 'sts', outcome: 'not_reached', detail: '' }], caller: null, refusal: request }
  }
  const verified = await verifyToken(token, { ...options, now: () => now })
  if (verified instanceof Refusal) {
    const detail = verified.message
    return { checks: [...checks, { check: 'sts', outcome: 'failed', detail }], caller: null, refusal: verified }
  }
  const detail = `knows who signed it, for ${options.clusterId}`
  return {
    checks: [...checks, { check: 'sts', outcome: 'passed', detail }],
    caller: { identity: verified.identity, hasSessionName: true, hasUserId: true },
    refusal: null,
  }
}
