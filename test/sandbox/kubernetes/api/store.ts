import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from './objects.ts'
import type { Resource } from './resources.ts'

export type Change = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  resource: Resource
  object: KubeObject
  version: number
}

function keyOf(resource: Resource, namespace: string | undefined, name: string): string {
  return `${resource.plural}/${namespace ?? ''}/${name}`
}

/** Objects under one increasing version, with the latest changes kept for resuming watches. */
export class Store {
  readonly #historySize: number
  readonly #objects = new Map<string, { resource: Resource; object: KubeObject }>()
  readonly #listeners = new Set<(change: Change) => void>()
  #history: Change[] = []
  #version = 1
  #forgotten = 0

  constructor(historySize: number) {
    this.#historySize = historySize
  }

  /** The version of the newest change. */
  get version(): number {
    return this.#version
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(keyOf(resource, namespace, name))?.object
  }

  /** By namespace and name; all namespaces if none is given. */
  list(resource: Resource, namespace: string | undefined): KubeObject[] {
    return [...this.#objects]
      .filter(([, each]) => each.resource === resource)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, { object }]) => object)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
  }

  /** Creates or replaces. A write without a change creates no version, as in the API server. */
  put(resource: Resource, object: KubeObject): KubeObject {
    const { namespace, name } = object.metadata
    const before = this.get(resource, namespace, name)
    if (before !== undefined) {
      const { resourceVersion } = before.metadata
      if (isDeepStrictEqual(before, { ...object, metadata: { ...object.metadata, resourceVersion } })) return before
    }
    const stored = this.#stamp(object)
    this.#objects.set(keyOf(resource, namespace, name), { resource, object: stored })
    this.#publish(before === undefined ? 'ADDED' : 'MODIFIED', resource, stored)
    return stored
  }

  /** The previous object, with the version of its deletion; undefined if there is none. */
  delete(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined {
    const before = this.get(resource, namespace, name)
    if (before === undefined) return undefined
    this.#objects.delete(keyOf(resource, namespace, name))
    const deleted = this.#stamp(before)
    this.#publish('DELETED', resource, deleted)
    return deleted
  }

  /** The changes after a version; undefined if some of them were dropped. */
  since(version: number): Change[] | undefined {
    return version < this.#forgotten ? undefined : this.#history.filter((change) => change.version > version)
  }

  /** Drops the history, as compaction does: no previous version can be resumed from. */
  compact(): void {
    this.#version += 1
    this.#history = []
    this.#forgotten = this.#version
  }

  /** Calls back for every later change, until the returned function is called. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #stamp(object: KubeObject): KubeObject {
    this.#version += 1
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } }
  }

  #publish(type: Change['type'], resource: Resource, object: KubeObject): void {
    const change = { type, resource, object, version: this.#version }
    this.#history.push(change)
    if (this.#history.length > this.#historySize) this.#forgotten = this.#history.shift()?.version ?? this.#forgotten
    for (const listener of this.#listeners) listener(change)
  }
}
