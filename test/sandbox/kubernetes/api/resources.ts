/** A served kind of object, by its plural. */
export type Resource = {
  group: '' | 'apps' | 'iamauthenticator.k8s.aws'
  version: string
  plural: string
  singular: string
  kind: string
  namespaced: boolean
  /** True if `/status` is a subresource that the main resource cannot change. */
  hasStatus: boolean
  /** Custom resources have no strategic merge patch. */
  strategicPatch: boolean
  shortNames: readonly string[]
  /** Field selector labels besides `metadata.name` and `metadata.namespace`. */
  fields: readonly string[]
}

export const configMaps: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  singular: 'configmap',
  kind: 'ConfigMap',
  namespaced: true,
  hasStatus: false,
  strategicPatch: true,
  shortNames: ['cm'],
  fields: [],
}

export const events: Resource = {
  group: '',
  version: 'v1',
  plural: 'events',
  singular: 'event',
  kind: 'Event',
  namespaced: true,
  hasStatus: false,
  strategicPatch: true,
  shortNames: ['ev'],
  fields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'reason',
    'type',
  ],
}

export const daemonSets: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  singular: 'daemonset',
  kind: 'DaemonSet',
  namespaced: true,
  hasStatus: true,
  strategicPatch: true,
  shortNames: ['ds'],
  fields: [],
}

export const iamIdentityMappings: Resource = {
  group: 'iamauthenticator.k8s.aws',
  version: 'v1alpha1',
  plural: 'iamidentitymappings',
  singular: 'iamidentitymapping',
  kind: 'IAMIdentityMapping',
  namespaced: false,
  hasStatus: true,
  strategicPatch: false,
  shortNames: [],
  fields: [],
}

export const resources: readonly Resource[] = [configMaps, events, daemonSets, iamIdentityMappings]

export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

/** The resource's name in messages: `configmaps`, `iamidentitymappings.iamauthenticator.k8s.aws`. */
export function qualifiedName(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
}
