import { randomUUID } from 'node:crypto'
import { matchesFields } from './field-selector.ts'
import type { KubeObject } from './objects.ts'
import type { RequestInfo } from './request-info.ts'
import { apiVersionOf, qualifiedName, type Resource } from './resources.ts'
import { ApiFailure } from './status.ts'
import type { Store } from './store.ts'

type Page = { version: number; items: readonly KubeObject[] }

export function notFound(resource: Resource, name: string): ApiFailure {
  const details = { name, group: resource.group, kind: resource.plural }
  return new ApiFailure('NotFound', `${qualifiedName(resource)} "${name}" not found`, details)
}

/** @throws ApiFailure 404. */
export function getObject(store: Store, { resource, namespace, name = '' }: RequestInfo): KubeObject {
  const object = store.get(resource, namespace, name)
  if (object === undefined) throw notFound(resource, name)
  return object
}

function parseLimit(text: string | null): number {
  if (text === null || text === '') return Infinity
  if (!/^\d{1,9}$/.test(text)) throw new ApiFailure('BadRequest', 'limit is not a number')
  return text === '0' ? Infinity : Number(text)
}

/** Lists in pages. Later pages have the same version as the first (Kubernetes API concepts, "chunks"). */
export class Lists {
  readonly #store: Store
  readonly #unfinished = new Map<string, Page>()

  constructor(store: Store) {
    this.#store = store
  }

  /** @throws ApiFailure 410 for a continue token that is unknown or has expired. */
  answer(request: RequestInfo, query: URLSearchParams): Record<string, unknown> {
    const { version, items } = this.#page(request, query.get('continue'))
    const limit = parseLimit(query.get('limit'))
    const metadata = new Map<string, unknown>([['resourceVersion', String(version)]])
    if (items.length > limit) {
      const token = randomUUID()
      this.#unfinished.set(token, { version, items: items.slice(limit) })
      metadata.set('continue', token)
      if (request.selector.length === 0) metadata.set('remainingItemCount', items.length - limit)
    }
    return {
      kind: `${request.resource.kind}List`,
      apiVersion: apiVersionOf(request.resource),
      metadata: Object.fromEntries(metadata),
      items: items.slice(0, limit),
    }
  }

  /** Expires all continue tokens so far. */
  expire(): void {
    this.#unfinished.clear()
  }

  #page({ resource, namespace, selector }: RequestInfo, token: string | null): Page {
    if (token === null || token === '') {
      const items = this.#store.list(resource, namespace).filter((object) => matchesFields(object, selector))
      return { version: this.#store.version, items }
    }
    const page = this.#unfinished.get(token)
    if (page === undefined) throw new ApiFailure('Expired', 'The provided continue parameter is too old.')
    return page
  }
}
