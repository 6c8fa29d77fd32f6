import { parseFieldSelector, selectedName, type FieldSelector } from './field-selector.ts'
import { apiVersionOf, resources, type Resource } from './resources.ts'
import { ApiFailure } from './status.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

/** A request for a resource, parsed from method, path and query as the API server does before it authorizes. */
export type RequestInfo = {
  verb: Verb
  resource: Resource
  subresource: 'status' | undefined
  namespace: string | undefined
  /** The object's name, from the path or as the only name that a field selector of a list or watch allows. */
  name: string | undefined
  selector: FieldSelector
}

const methodVerbs: ReadonlyMap<string, Verb> = new Map([
  ['GET', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new ApiFailure('BadRequest', 'the path is not properly percent-encoded')
  }
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  const verb = methodVerbs.get(method)
  if (verb === 'get' && ['true', '1'].includes(query.get('watch') ?? '')) return 'watch'
  if (verb === 'get' && name === undefined) return 'list'
  if (verb === undefined || (verb === 'create') !== (name === undefined)) {
    throw new ApiFailure('MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  return verb
}

/**
 * @returns undefined if the path is not one of a served resource.
 * @throws ApiFailure 400 or 405.
 */
export function parseRequest(method: string, path: string, query: URLSearchParams): RequestInfo | undefined {
  const segments = path.split('/').slice(1).map(decode)
  const apiVersion = segments[0] === 'api' ? segments[1] : segments.slice(1, 3).join('/')
  const rest = segments[0] === 'api' ? segments.slice(2) : segments[0] === 'apis' ? segments.slice(3) : []
  const namespace = rest[0] === 'namespaces' && rest.length > 2 ? rest[1] : undefined
  const [plural, name, subresource, ...more] = namespace === undefined ? rest : rest.slice(2)
  const resource = resources.find((each) => each.plural === plural && apiVersionOf(each) === apiVersion)
  if (resource === undefined || more.length > 0 || name === '') return undefined
  // A namespaced object needs a namespace in its path. A list or watch over all namespaces does not.
  if (resource.namespaced ? namespace === undefined && name !== undefined : namespace !== undefined) return undefined
  if (subresource !== undefined && !(subresource === 'status' && resource.hasStatus)) return undefined
  const selector = parseFieldSelector(query.get('fieldSelector') ?? '', resource)
  const verb = verbOf(method, name, query)
  if (query.has('labelSelector') && query.get('labelSelector') !== '') {
    throw new ApiFailure('BadRequest', 'label selectors are not supported here')
  }
  if (query.has('dryRun')) throw new ApiFailure('BadRequest', 'dry runs are not supported here')
  return { verb, resource, subresource, namespace, name: name ?? selectedName(selector), selector }
}
