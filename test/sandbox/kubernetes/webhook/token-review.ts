import { isRecord } from '../api/objects.ts'

export type ReviewVersion = 'v1' | 'v1beta1'

/** `authentication.k8s.io` `UserInfo`. */
export type UserInfo = {
  username: string
  uid: string
  groups: readonly string[]
  extra: ReadonlyMap<string, readonly string[]>
}

/** The outcome of a webhook call. Only the first two are verdicts on the token. */
export type Verdict =
  | { kind: 'authenticated'; user: UserInfo }
  | { kind: 'refused' }
  /** The webhook failed. There is no verdict on the token. */
  | { kind: 'error'; message: string }

/** The request as kube-apiserver sends it, with the empty fields of Go's encoder. */
export function tokenReview(version: ReviewVersion, token: string, audiences: readonly string[]): object {
  return {
    kind: 'TokenReview',
    apiVersion: `authentication.k8s.io/${version}`,
    metadata: { creationTimestamp: null },
    spec: { token, ...(audiences.length === 0 ? {} : { audiences }) },
    status: { user: {} },
  }
}

function strings(value: unknown): string[] | undefined {
  if (value === undefined) return []
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
}

function parseUser(user: unknown): UserInfo | undefined {
  if (!isRecord(user)) return undefined
  const { username, uid = '', groups: groupList, extra: extraValues = {} } = user
  const groups = strings(groupList)
  if (typeof username !== 'string' || typeof uid !== 'string' || groups === undefined) return undefined
  if (!isRecord(extraValues)) return undefined
  const extra = new Map<string, readonly string[]>()
  for (const [key, value] of Object.entries(extraValues)) {
    const values = strings(value)
    if (values === undefined) return undefined
    extra.set(key, values)
  }
  return { username, uid, groups, extra }
}

/**
 * Judges an answer like kube-apiserver's webhook authenticator: anything but 2xx and a TokenReview of the requested
 * version is an error, and so is a refusal with `status.error`.
 */
export function judge(version: ReviewVersion, audiences: readonly string[], code: number, body: unknown): Verdict {
  if (code < 200 || code > 299) return { kind: 'error', message: `the webhook answered ${code}` }
  if (!isRecord(body) || body.kind !== 'TokenReview' || body.apiVersion !== `authentication.k8s.io/${version}`) {
    return { kind: 'error', message: 'the webhook answered with something else than it was asked' }
  }
  const status = isRecord(body.status) ? body.status : {}
  if (audiences.length > 0) {
    // A webhook that names no audiences is assumed to mean those of the API server.
    const satisfied = strings(status.audiences) ?? []
    const disjoint = satisfied.length > 0 && !satisfied.some((audience) => audiences.includes(audience))
    if (disjoint) return { kind: 'refused' }
  }
  if (status.authenticated !== true) {
    const { error = '' } = status
    return error === '' ? { kind: 'refused' } : { kind: 'error', message: String(error) }
  }
  const user = parseUser(status.user)
  return user === undefined
    ? { kind: 'error', message: 'the webhook answered with a malformed user' }
    : { kind: 'authenticated', user }
}
