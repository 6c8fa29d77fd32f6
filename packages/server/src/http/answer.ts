import { reasons, type ReasonCode, type Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { EXPECTED_TOKEN_REVIEW, REFUSED_403, renderRefused } from './token-review.ts'

const JSON_UTF8 = 'application/json; charset=UTF-8'

/** The content type of plain text, spelled as Go does. */
export const TEXT_UTF8 = 'text/plain; charset=utf-8'

/** The texts that older releases answer with. The log has the details. */
const TEXTS: Readonly<Partial<Record<ReasonCode, string>>> = {
  malformed_request: EXPECTED_TOKEN_REVIEW,
  method_not_allowed: 'expected POST',
}

/** An HTTP answer of the webhook. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function jsonAnswer(status: number, body: string): Answer {
  return { status, headers: { 'content-type': JSON_UTF8 }, body }
}

/**
 * Renders the answer to a refusal. It does not show the reason to the API server.
 *
 * A verdict on the token has `refusalStatus`. Every other refusal is an error, which kube-apiserver does not cache. It retries after
 * 429, but not after 502.
 */
export function refusalAnswer(
  { reason, retryAfterSeconds }: Refusal,
  apiVersion: string,
  refusalStatus: 200 | 403,
): Answer {
  const { status } = reasons[reason]
  if (status === 200) return jsonAnswer(refusalStatus, refusalStatus === 403 ? REFUSED_403 : renderRefused(apiVersion))
  const headers = {
    'content-type': TEXT_UTF8,
    'x-content-type-options': 'nosniff',
    ...(status === 429 ? { 'retry-after': String(retryAfterSeconds) } : {}),
    ...(status === 405 ? { allow: 'POST' } : {}),
  }
  return { status, headers, body: `${TEXTS[reason] ?? 'the token could not be checked'}\n` }
}
