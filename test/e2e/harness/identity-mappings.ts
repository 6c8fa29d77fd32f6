import type { Account, FakeKubernetes, KubeObject } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { serviceAccount, type Cluster } from './cluster.ts'
import { roleArn, valueAt } from './logins.ts'

/** The additional rights of the server with the backend CRD. */
const RULES: Account['allow'] = [
  { verbs: ['get', 'list', 'watch'], resources: ['iamidentitymappings'] },
  { verbs: ['patch', 'update'], resources: ['iamidentitymappings/status'] },
  { verbs: ['create', 'update', 'patch'], resources: ['events'] },
]

/** Grants the server's account the rights for the backend CRD, except those in `without`. */
export function allowIdentityMappings({ api, token }: Cluster, without: readonly string[] = []): void {
  const account = serviceAccount(token)
  const rules = RULES.filter(({ resources }) => !resources.some((resource) => without.includes(resource)))
  api.setAccounts([{ ...account, allow: [...account.allow, ...rules] }])
}

/** Writes an identity mapping for a role. Its username defaults to its own name. */
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

/** The writes that the server requested. */
export function writesOf(api: FakeKubernetes): readonly string[] {
  return api.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
}
