import { didYouMean } from '../document/did-you-mean.ts'
import type { Location, Problem } from '../errors/problem.ts'
import { DATA_KEYS, parseAwsAuth, type AwsAuth, type AwsAuthGates } from '../mapping/aws-auth.ts'
import type { ConfigMapManifest } from './read-manifests.ts'

const NAME = 'aws-auth'
const NAMESPACE = 'kube-system'

function isDataKey(written: string): boolean {
  return DATA_KEYS.some((key) => key.toLowerCase() === written.toLowerCase())
}

/** Returns whether a ConfigMap is, or is probably meant to be, aws-auth. */
export function isAwsAuth({ name, data }: ConfigMapManifest): boolean {
  return name === NAME || data.some(({ key }) => isDataKey(key))
}

/** Problems that keep the server from reading the ConfigMap, or some of its data. */
function problemsOfForm({ name, namespace, location, data }: ConfigMapManifest): Problem[] {
  const problems: Problem[] = []
  const add = (severity: Problem['severity'], place: Location, path: string, message: string): void => {
    problems.push({ severity, location: place, path, message })
  }
  if (name !== NAME) {
    add('warning', location, 'metadata.name', `"${name}" is not read: the server reads ${NAMESPACE}/${NAME} alone`)
  }
  if (namespace === null) {
    const why = `is not there: the server reads it in ${NAMESPACE} alone; write namespace: ${NAMESPACE}`
    add('warning', location, 'metadata.namespace', `${why}, or let a kustomization set it`)
  } else if (namespace !== NAMESPACE) {
    add('warning', location, 'metadata.namespace', `"${namespace}" is not read: write ${NAMESPACE}`)
  }
  const seen = new Set<string>()
  for (const { key, location: place, nested } of data) {
    if (seen.has(key)) add('error', place, key, 'is there twice: remove one of the two')
    seen.add(key)
    const known = DATA_KEYS.some((dataKey) => dataKey === key)
    if (known && nested === null) {
      const fix = `write ${key}: | and below it the list, indented`
      add('error', place, key, `must be a string that holds YAML, or Kubernetes refuses the ConfigMap: ${fix}`)
    } else if (!isDataKey(key)) {
      const hint = didYouMean(key, DATA_KEYS)
      if (hint !== '') add('warning', place, key, `data key ${key} loads nothing${hint}`)
    }
  }
  return problems
}

/**
 * Reads a manifest of the ConfigMap aws-auth as the server would in a new cluster. Locations are those in the manifest, also for entries in
 * its nested YAML.
 */
export function readAwsAuthManifest(configMap: ConfigMapManifest, gates: AwsAuthGates): AwsAuth {
  const items = new Map(configMap.data.map((item) => [item.key, item]))
  const data = new Map(configMap.data.flatMap(({ key, nested }) => (nested === null ? [] : [[key, nested.text]])))
  const awsAuth = parseAwsAuth(Object.fromEntries(data), { roles: [], users: [], accounts: [] }, gates)
  const relocated = <T extends { readonly location: Location; readonly path: string }>(item: T): T => {
    const { source, line, column } = item.location
    const around = items.get(source.slice(source.lastIndexOf(' ') + 1))
    const location = around?.nested?.locate(line, column) ?? items.get(item.path)?.location ?? configMap.location
    return { ...item, location }
  }
  return {
    ...awsAuth,
    roles: awsAuth.roles.map(relocated),
    users: awsAuth.users.map(relocated),
    unusable: awsAuth.unusable?.map(relocated) ?? [],
    misspelledKeys: awsAuth.misspelledKeys?.map(relocated) ?? [],
    problems: [...problemsOfForm(configMap), ...awsAuth.problems.map(relocated)],
  }
}
