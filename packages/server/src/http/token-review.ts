import { isRecord, parseJsonValue, property } from '@aws-iam-authenticator/core/untrusted'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Login } from '../login/authenticate.ts'
import type { UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'

const V1BETA1 = 'authentication.k8s.io/v1beta1'
const API_VERSIONS: readonly string[] = [V1BETA1, 'authentication.k8s.io/v1']

/** The message in the API server's log for a body that is not a TokenReview. */
export const EXPECTED_TOKEN_REVIEW = 'expected a request body to be a TokenReview'

/** The request of the API server (Kubernetes API, TokenReview). */
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

/** Parses the body of a request. A TokenReview without apiVersion and kind counts as v1beta1. */
export function parseTokenReview(body: string): TokenReview | Refusal {
  const review = parseJsonValue(body)
  if (review === undefined) return malformed('it is not JSON')
  if (!isRecord(review)) return malformed('it is not a JSON object')
  const kind = property(review, 'kind')
  if (kind !== undefined && kind !== 'TokenReview') return malformed('its kind is another')
  const apiVersion = property(review, 'apiVersion') ?? V1BETA1
  const known = API_VERSIONS.find((version) => version === apiVersion)
  if (known === undefined) return malformed(`its apiVersion is none of ${API_VERSIONS.join(', ')}`)
  const spec = property(review, 'spec') ?? {}
  const token = property(spec, 'token') ?? ''
  if (typeof token !== 'string') return malformed('spec.token is not a string')
  const audiences = property(spec, 'audiences') ?? []
  if (!isTextList(audiences)) return malformed('spec.audiences is not a list of strings')
  return { apiVersion: known, token, audiences }
}

/** Renders the answer for a mapped identity. `audiences` are the requested ones that this server serves. */
export function renderAuthenticated(apiVersion: string, user: UserInfo, audiences: readonly string[]): string {
  const status = { authenticated: true, user, ...(audiences.length > 0 ? { audiences } : {}) }
  return JSON.stringify({ apiVersion, kind: 'TokenReview', metadata: {}, spec: {}, status })
}

/**
 * Renders the answer for a verdict against the token. It has no `status.error`, because kube-apiserver would not cache it then, and no
 * reason, because only the operator may see it.
 */
export function renderRefused(apiVersion: string): string {
  const status = { authenticated: false, user: {} }
  return JSON.stringify({ apiVersion, kind: 'TokenReview', metadata: {}, spec: {}, status })
}

/** The body that releases of aws-iam-authenticator up to 0.7 send with status 403. */
export const REFUSED_403 = '{"metadata":{},"spec":{},"status":{"user":{}}}'
