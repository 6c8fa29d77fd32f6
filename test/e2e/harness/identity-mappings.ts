import type { Account, FakeKubernetes, KubeObject } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { serviceAccount, type Cluster } from './cluster.ts'
import { roleArn, valueAt } from './logins.ts'

/** What RBAC grants the server besides aws-auth, where its backend is CRD. */
const RULES: Account['allow'] = [
  { verbs: ['get', 'list', 'watch'], resources: ['iamidentitymappings'] },
  { verbs: ['patch', 'update'], resources: ['iamidentitymappings/status'] },
  { verbs: ['create', 'update', 'patch'], resources: ['events'] },
]

/** Gives the server's account what it needs for the backend CRD, but for what `without` names. */
export function allowIdentityMappings({ api, token }: Cluster, without: readonly string[] = []): void {
  const account = serviceAccount(token)
  const rules = RULES.filter(({ resources }) => !resources.some((resource) => without.includes(resource)))
  api.setAccounts([{ ...account, allow: [...account.allow, ...rules] }])
}

/** Writes an identity mapping for a role; its username is its own name unless another is given. */
export function putMapping(api: FakeKubernetes, name: string, role: string, username: string = name): KubeObject {
  return api.putIdentityMapping(name, { arn: roleArn(role), username, groups: ['people'] })
}

/** `status.canonicalARN` of an identity mapping. */
export function canonicalArnOf(api: FakeKubernetes, name: string): unknown {
  return valueAt(api.getIdentityMapping(name), 'status', 'canonicalARN')
}

/** The Events about an identity mapping. */
export function eventsAbout(api: FakeKubernetes, name: string): readonly KubeObject[] {
  return api.listEvents().filter((event) => valueAt(event, 'involvedObject', 'name') === name)
}

/** The writes that the server has asked for. */
export function writesOf(api: FakeKubernetes): readonly string[] {
  return api.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
}
