import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'

/** The sender of the token. */
export type TokenKind = 'mapped' | 'unmapped' | 'of another cluster' | 'of a deleted key' | 'no token of ours' | 'none'

/** A TokenReview and the answer for kube-apiserver. */
export interface AnswerRow {
  readonly name: string
  readonly token: TokenKind
  /** Omitted if null. */
  readonly apiVersion: string | null
  /** The status of the webhook. Refusals have 403 with `server.refusalStatus`. */
  readonly status: number
  readonly authenticated: boolean | null
  readonly reason: ReasonCode | null
}

const V1 = 'authentication.k8s.io/v1'
const V1BETA1 = 'authentication.k8s.io/v1beta1'

const REFUSED: readonly (readonly [TokenKind, ReasonCode])[] = [
  ['unmapped', 'not_mapped'],
  ['of another cluster', 'bad_signature'],
  ['of a deleted key', 'unknown_key'],
  ['no token of ours', 'malformed_token'],
  ['none', 'malformed_token'],
]

function rowsOf(apiVersion: string | null): readonly AnswerRow[] {
  const name = apiVersion ?? 'no version'
  return [
    { name: `${name}: mapped`, token: 'mapped', apiVersion, status: 200, authenticated: true, reason: null },
    ...REFUSED.map(([token, reason]) => {
      return { name: `${name}: ${token}`, token, apiVersion, status: 200, authenticated: false, reason }
    }),
  ]
}

const UNKNOWN_VERSION = 'authentication.k8s.io/v2'

export const answerRows: readonly AnswerRow[] = [
  ...rowsOf(V1),
  ...rowsOf(V1BETA1),
  ...rowsOf(null),
  {
    name: UNKNOWN_VERSION,
    token: 'mapped',
    apiVersion: UNKNOWN_VERSION,
    status: 400,
    authenticated: null,
    reason: 'malformed_request',
  },
]
