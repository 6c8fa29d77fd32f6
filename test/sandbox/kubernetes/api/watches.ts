import type { ServerResponse } from 'node:http'
import { matchesFields } from './field-selector.ts'
import type { KubeObject } from './objects.ts'
import type { RequestInfo } from './request-info.ts'
import { apiVersionOf } from './resources.ts'
import { ApiFailure, failure } from './status.ts'
import type { Store } from './store.ts'

/** The way to refuse a watch from a dropped version. API servers do either. */
export type ExpiredAnswer = 'status' | 'event'

type OpenWatch = { response: ServerResponse; bookmark: (() => void) | undefined }

function parseNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  if (!/^\d{1,15}$/.test(text)) throw new ApiFailure('BadRequest', `${name} is not a number`)
  return Number(text)
}

/** The open watch streams: one JSON object per line (Kubernetes API concepts, "Efficient detection of changes"). */
export class Watches {
  readonly #store: Store
  readonly #changed: () => void
  readonly #open = new Set<OpenWatch>()

  constructor(store: Store, changed: () => void) {
    this.#store = store
    this.#changed = changed
  }

  get count(): number {
    return this.#open.size
  }

  /** @throws ApiFailure 400, or 410 if `expired` requires it. */
  open(response: ServerResponse, request: RequestInfo, query: URLSearchParams, expired: ExpiredAnswer): void {
    const timeoutSeconds = parseNumber(query, 'timeoutSeconds')
    const from = parseNumber(query, 'resourceVersion') ?? 0
    const backlog = from === 0 ? [] : this.#store.since(from)
    const send = (type: string, object: unknown): void => {
      // The end of a watch is reported by its close event, a moment later.
      if (!response.writableEnded) response.write(`${JSON.stringify({ type, object })}\n`)
    }
    if (backlog === undefined && expired === 'status') {
      throw new ApiFailure('Expired', 'The resourceVersion for the provided watch is too old.')
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (backlog === undefined) {
      send('ERROR', failure('Expired', `too old resource version: ${from} (${this.#store.version})`))
      response.end()
      return
    }
    const selected = ({ metadata, ...rest }: KubeObject): boolean =>
      (request.namespace === undefined || metadata.namespace === request.namespace) &&
      (request.name === undefined || metadata.name === request.name) &&
      matchesFields({ metadata, ...rest }, request.selector)
    if (from === 0) {
      for (const object of this.#store.list(request.resource, request.namespace).filter(selected)) send('ADDED', object)
    }
    for (const change of backlog) {
      if (change.resource === request.resource && selected(change.object)) send(change.type, change.object)
    }
    const unsubscribe = this.#store.subscribe((change) => {
      if (change.resource === request.resource && selected(change.object)) send(change.type, change.object)
    })
    this.#keep(response, this.#bookmark(request, query, send), timeoutSeconds, unsubscribe)
  }

  /** Sends a bookmark of the current version to every watch that allows it. */
  sendBookmarks(): void {
    for (const { bookmark } of this.#open) bookmark?.()
  }

  /** Writes a line unchanged to every open watch. */
  writeLine(line: string): void {
    for (const { response } of this.#open) response.write(`${line}\n`)
  }

  /** Destroys the connection of every open watch, in the middle of the stream. */
  drop(): void {
    for (const { response } of this.#open) response.destroy()
  }

  #bookmark(
    { resource }: RequestInfo,
    query: URLSearchParams,
    send: (type: string, object: unknown) => void,
  ): (() => void) | undefined {
    if (!['true', '1'].includes(query.get('allowWatchBookmarks') ?? '')) return undefined
    return () => {
      const metadata = { resourceVersion: String(this.#store.version), creationTimestamp: null }
      send('BOOKMARK', { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata })
    }
  }

  #keep(
    response: ServerResponse,
    bookmark: (() => void) | undefined,
    timeoutSeconds: number | undefined,
    unsubscribe: () => void,
  ): void {
    const watch = { response, bookmark }
    // A stream that ends on time ends with a bookmark, so that the client can resume from it.
    const end = (): void => {
      bookmark?.()
      response.end()
    }
    const timer = timeoutSeconds === undefined ? undefined : setTimeout(end, timeoutSeconds * 1000)
    this.#open.add(watch)
    this.#changed()
    response.on('close', () => {
      clearTimeout(timer)
      unsubscribe()
      this.#open.delete(watch)
      this.#changed()
    })
  }
}
