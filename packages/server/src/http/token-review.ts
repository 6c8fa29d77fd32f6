import { isRecord, property } from '@aws-iam-authenticator/core/untrusted'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Login } from '../login/authenticate.ts'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'

const V1BETA1 = 'authentication.k8s.io/v1beta1'
const API_VERSIONS: readonly string[] = [V1BETA1, 'authentication.k8s.io/v1']

/** The text that the API server's log shows for a body that is no TokenReview. */
export const EXPECTED_TOKEN_REVIEW = 'expected a request body to be a TokenReview'

/** What the API server asks (Kubernetes API, TokenReview). */
interface TokenReview extends Login {
  /** The API version of the answer. */
  readonly apiVersion: string
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function malformed(why: string): Refusal {
  return new Refusal('malformed_request', `${EXPECTED_TOKEN_REVIEW}: ${why}`)
}

/** Reads the body of a request. A TokenReview that names neither its version nor its kind counts as v1beta1. */
export function parseTokenReview(body: string): TokenReview | Refusal {
  let review: unknown
  try {
    review = JSON.parse(body)
  } catch {
    return malformed('it is no JSON')
  }
  if (!isRecord(review)) return malformed('it is no JSON object')
  const kind = property(review, 'kind')
  if (kind !== undefined && kind !== 'TokenReview') return malformed('its kind is another')
  const apiVersion = property(review, 'apiVersion') ?? V1BETA1
  const known = API_VERSIONS.find((version) => version === apiVersion)
  if (known === undefined) return malformed(`its apiVersion is none of ${API_VERSIONS.join(', ')}`)
  const spec = property(review, 'spec') ?? {}
  const token = property(spec, 'token') ?? ''
  if (typeof token !== 'string') return malformed('spec.token is no string')
  const audiences = property(spec, 'audiences') ?? []
  if (!isTextList(audiences)) return malformed('spec.audiences is no list of strings')
  return { apiVersion: known, token, audiences }
}

/** The answer for an identity that is mapped. `audiences` are those asked for that this server serves. */
export function renderAuthenticated(apiVersion: string, user: UserInfo, audiences: readonly string[]): string {
  const status = { authenticated: true, user, ...(audiences.length > 0 ? { audiences } : {}) }
  return JSON.stringify({ apiVersion, kind: 'TokenReview', metadata: {}, spec: {}, status })
}

/**
 * The answer for a sound refusal. It has no `status.error`, which would keep kube-apiserver from caching it, and no reason,
 * which is nobody's business but the operator's.
 */
export function renderRefused(apiVersion: string): string {
  const status = { authenticated: false, user: {} }
  return JSON.stringify({ apiVersion, kind: 'TokenReview', metadata: {}, spec: {}, status })
}

/** The body that went with status 403 in releases of aws-iam-authenticator up to 0.7. */
export const REFUSED_403 = '{"metadata":{},"spec":{},"status":{"user":{}}}'
