import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestInfo } from './request-info.ts'
import { qualifiedName } from './resources.ts'
import { ApiFailure } from './status.ts'

/** One RBAC rule (rbac.authorization.k8s.io `PolicyRule`, without API groups). `*` stands for every verb or resource. */
export type Rule = {
  verbs: readonly string[]
  /** Plurals, or `plural/subresource`. */
  resources: readonly string[]
  /** The names that the rule is limited to. A list or watch needs a field selector for one of them. */
  resourceNames?: readonly string[]
  /** Without it the rule applies to every namespace, like a ClusterRole. */
  namespace?: string
}

/** An account and its rights. It is identified by a bearer token or the common name of a client certificate. */
export type Account = { username: string; token?: string; allow: readonly Rule[] }

/** The rule of an administrator. */
export const allowAll: readonly Rule[] = [{ verbs: ['*'], resources: ['*'] }]

function sameSecret(left: string, right: string): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest())
}

/** @throws ApiFailure 401. */
export function authenticate(
  accounts: readonly Account[],
  authorization: string | undefined,
  certificateName: string | undefined,
): Account {
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
  const account = accounts.find(({ username, token }) =>
    bearer === undefined ? username === certificateName : token !== undefined && sameSecret(token, bearer),
  )
  if (account === undefined) throw new ApiFailure('Unauthorized', 'Unauthorized')
  return account
}

function covers(rule: Rule, { verb, namespace, name }: RequestInfo, resource: string): boolean {
  return (
    (rule.verbs.includes('*') || rule.verbs.includes(verb)) &&
    (rule.resources.includes('*') || rule.resources.includes(resource)) &&
    (rule.resourceNames === undefined || (name !== undefined && rule.resourceNames.includes(name))) &&
    (rule.namespace === undefined || rule.namespace === namespace)
  )
}

/** @throws ApiFailure 403 if no rule of the account covers the request. */
export function authorize(account: Account, request: RequestInfo): void {
  const { resource, subresource, namespace, name, verb } = request
  const asked = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`
  if (account.allow.some((rule) => covers(rule, request, asked))) return
  const object = name === undefined ? '' : ` "${name}"`
  const place = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  throw new ApiFailure(
    'Forbidden',
    `${qualifiedName(resource)}${object} is forbidden: User "${account.username}" cannot ${verb} resource "${asked}" ` +
      `in API group "${resource.group}" ${place}`,
    { kind: resource.plural, group: resource.group, ...(name === undefined ? {} : { name }) },
  )
}
