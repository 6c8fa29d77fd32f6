import { version } from '../api/discovery.ts'
import type { UserInfo } from './token-review.ts'

const authenticationV1 = { groupVersion: 'authentication.k8s.io/v1', version: 'v1' }

const pods = {
  name: 'pods',
  singularName: 'pod',
  namespaced: true,
  kind: 'Pod',
  verbs: ['get', 'list'],
  shortNames: ['po'],
}

const selfSubjectReviews = {
  name: 'selfsubjectreviews',
  singularName: 'selfsubjectreview',
  namespaced: false,
  kind: 'SelfSubjectReview',
  verbs: ['create'],
}

function resourceList(groupVersion: string, ...resources: readonly object[]): object {
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
}

/** Documents that an authenticated user may GET, by path. */
export const documents: ReadonlyMap<string, object> = new Map<string, object>([
  ['/version', version],
  ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
  ['/api/v1', resourceList('v1', pods)],
  [
    '/apis',
    {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [{ name: 'authentication.k8s.io', versions: [authenticationV1], preferredVersion: authenticationV1 }],
    },
  ],
  ['/apis/authentication.k8s.io/v1', resourceList(authenticationV1.groupVersion, selfSubjectReviews)],
  [
    '/api/v1/namespaces/default/pods',
    { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] },
  ],
])

/** The answer to `kubectl auth whoami`. Every authenticated user is in `system:authenticated`. */
export function selfSubjectReview({ username, uid, groups, extra }: UserInfo): object {
  const userInfo = {
    username,
    ...(uid === '' ? {} : { uid }),
    groups: [...new Set([...groups, 'system:authenticated'])],
    ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
  }
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    status: { userInfo },
  }
}
