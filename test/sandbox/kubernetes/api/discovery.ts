import { apiVersionOf, resources, type Resource } from './resources.ts'

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']

function resourceEntries(resource: Resource): Record<string, unknown>[] {
  const { plural, singular, kind, namespaced, shortNames } = resource
  const entry = { name: plural, singularName: singular, namespaced, kind, verbs, shortNames }
  if (!resource.hasStatus) return [entry]
  return [entry, { name: `${plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] }]
}

function resourceList(groupVersion: string): Record<string, unknown> {
  const served = resources.filter((resource) => apiVersionOf(resource) === groupVersion)
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: served.flatMap(resourceEntries) }
}

const crdGroup = 'iamauthenticator.k8s.aws'
const crdVersion = { groupVersion: `${crdGroup}/v1alpha1`, version: 'v1alpha1' }
const group = { name: crdGroup, versions: [crdVersion], preferredVersion: crdVersion }

/** The body of `/version`. */
export const version: Record<string, string> = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.0',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
}

/** The documents that kubectl reads to discover resources, by path (Kubernetes API concepts, "unaggregated discovery"). */
export const discovery: ReadonlyMap<string, Record<string, unknown>> = new Map<string, Record<string, unknown>>([
  ['/version', version],
  ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] }],
  ['/api/v1', resourceList('v1')],
  [`/apis/${crdGroup}`, { kind: 'APIGroup', apiVersion: 'v1', ...group }],
  [`/apis/${crdVersion.groupVersion}`, resourceList(crdVersion.groupVersion)],
])
