import { setTimeout as sleep } from 'node:timers/promises'
import { isRecord, messageOf, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesApi } from './connection.ts'
import { readJson } from './read-json.ts'

/** A Kubernetes object as it came over the wire. */
export type KubernetesObject = Readonly<Record<string, unknown>>

/** Receives a page of a list. `isFirst` is true if a list begins, possibly after one that failed. */
type OnPage = (objects: readonly KubernetesObject[], isFirst: boolean) => void

/** Receives the whole state after a list, then each change. The reflector waits for a handler that returns a promise. */
export interface ReflectorHandlers {
  /** Called for each page of a list. Default: `onReplaced` gets all objects. */
  readonly onPage?: OnPage
  /** Called when a list is complete. With `onPage` there are no objects. */
  onReplaced(objects: readonly KubernetesObject[]): unknown
  onChanged(object: KubernetesObject): unknown
  onDeleted(object: KubernetesObject): unknown
  /** Called when a watch begins: the state is up to date again after a failure. */
  onWatching?(): void
  /**
   * Called when a list or a watch failed. The state so far stays until the next one succeeds.
   *
   * @param status The HTTP status of the API server's answer; undefined for other failures.
   */
  onFailed(message: string, status?: number): void
}

interface Resource {
  readonly path: string
  /** Query parameters of lists and watches. */
  readonly selector?: { readonly fieldSelector: string }
}

/** Follows a resource until it is stopped. */
export interface Reflector {
  stop(): Promise<void>
}

/** The length of a watch, in seconds. It is short, because only a watch that does not end shows a dead connection. */
const WATCH_SECONDS = 60
const MAX_OBJECT_BYTES = 8 * 1024 * 1024
const LIST_PAGE = '500'
const FIRST_DELAY_MS = 200
/** The longest pause after a list succeeded, in milliseconds. The server is up then, although its watches may fail. */
const LISTED_DELAY_MS = 1_000
/** The longest pause between two attempts, in milliseconds. Clusters rely on a retry within 5 s. */
const MAX_DELAY_MS = 4_000

/** The resourceVersion of a watch is too old (HTTP 410): the state must be listed again. */
class Expired extends Error {}

/** The API server answered a request with an error. */
export class StatusError extends Error {
  readonly status: number

  constructor(verb: 'get' | 'list' | 'watch', status: number, answer: unknown) {
    super(`${verb}: status ${status}: ${textAt(answer, 'message') ?? 'no message'}`)
    this.status = status
  }
}

interface State {
  resourceVersion: string | null
}

async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // The parts of an incomplete line. Only a complete line is concatenated.
  let parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    let rest = chunk
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      parts.push(rest.subarray(0, end))
      yield Buffer.concat(parts)
      parts = []
      length = 0
      rest = rest.subarray(end + 1)
    }
    parts.push(rest)
    length += rest.length
    if (length > MAX_OBJECT_BYTES) throw new Error(`an event is longer than ${MAX_OBJECT_BYTES} bytes`)
  }
}

/**
 * Lists all objects of a resource. Returns them with the resourceVersion at which a watch continues.
 *
 * @param onPage Receives the objects. Then none are returned.
 */
export async function listObjects(
  api: KubernetesApi,
  resource: Resource,
  signal: AbortSignal,
  onPage?: OnPage,
): Promise<[KubernetesObject[], string]> {
  const objects: KubernetesObject[] = []
  let next = ''
  for (;;) {
    const query = { ...resource.selector, limit: LIST_PAGE, ...(next === '' ? {} : { continue: next }) }
    const { statusCode, body } = await api.get(resource.path, query, { signal, bodyTimeoutMs: 30_000 })
    const answer = await readJson(body)
    if (statusCode === 410) throw new Expired('the list expired while it was read')
    if (statusCode !== 200) throw new StatusError('list', statusCode, answer)
    const items = property(answer, 'items')
    const resourceVersion = textAt(answer, 'metadata', 'resourceVersion')
    if ((items !== null && !Array.isArray(items)) || resourceVersion === undefined)
      throw new Error('list: the answer is not a list')
    const page = (items ?? []).filter(isRecord)
    if (onPage === undefined) objects.push(...page)
    else onPage(page, next === '')
    next = textAt(answer, 'metadata', 'continue') ?? ''
    if (next === '') return [objects, resourceVersion]
  }
}

async function handleEvent(line: Buffer, state: State, handlers: ReflectorHandlers): Promise<void> {
  const event: unknown = JSON.parse(line.toString('utf8'))
  const type = textAt(event, 'type')
  const object = property(event, 'object')
  if (!isRecord(object)) throw new Error('watch: an event has no object')
  if (type === 'ERROR') {
    const message = textAt(object, 'message') ?? 'no message'
    if (property(object, 'code') === 410) throw new Expired(message)
    throw new Error(`watch: ${message}`)
  }
  if (type === 'ADDED' || type === 'MODIFIED') await handlers.onChanged(object)
  else if (type === 'DELETED') await handlers.onDeleted(object)
  else if (type !== 'BOOKMARK') throw new Error('watch: an event has a type that is not known')
  state.resourceVersion = textAt(object, 'metadata', 'resourceVersion') ?? state.resourceVersion
}

async function watch(
  api: KubernetesApi,
  resource: Resource,
  state: State,
  handlers: ReflectorHandlers,
  signal: AbortSignal,
): Promise<void> {
  const query = {
    ...resource.selector,
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: state.resourceVersion ?? '',
    timeoutSeconds: String(WATCH_SECONDS),
  }
  // A watch that does not end shows a dead connection.
  const bodyTimeoutMs = (WATCH_SECONDS + 30) * 1000
  const { statusCode, body } = await api.get(resource.path, query, { signal, bodyTimeoutMs })
  if (statusCode !== 200) {
    const answer = await readJson(body)
    if (statusCode === 410) throw new Expired(textAt(answer, 'message') ?? 'status 410')
    throw new StatusError('watch', statusCode, answer)
  }
  handlers.onWatching?.()
  for await (const line of readLines(body)) if (line.length > 0) await handleEvent(line, state, handlers)
}

/**
 * Follows a resource by one list and then watches, as Kubernetes' own clients do.
 *
 * After a watch ends, the next one continues from its last event. After HTTP 410 the resource is listed again. The pause after
 * a failure doubles up to 4 s, so that a restarted API server is found within 5 s and is not overloaded.
 *
 * @see {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes | Efficient detection of changes}
 */
export function reflect(api: KubernetesApi, resource: Resource, handlers: ReflectorHandlers): Reflector {
  const stopped = new AbortController()
  const { signal } = stopped
  const state: State = { resourceVersion: null }
  let delay = FIRST_DELAY_MS

  const step = async (): Promise<void> => {
    if (state.resourceVersion === null) {
      const [objects, resourceVersion] = await listObjects(api, resource, signal, handlers.onPage)
      await handlers.onReplaced(objects)
      state.resourceVersion = resourceVersion
      delay = Math.min(delay, LISTED_DELAY_MS)
    }
    const before = state.resourceVersion
    const startedAt = performance.now()
    try {
      await watch(api, resource, state, handlers, signal)
    } finally {
      // A watch that had events or lasted shows a healthy server. One that ends at once must not become a busy loop.
      if (state.resourceVersion !== before || performance.now() - startedAt > LISTED_DELAY_MS) delay = FIRST_DELAY_MS
    }
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await step()
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof Expired) {
          state.resourceVersion = null
          delay = Math.min(delay, LISTED_DELAY_MS)
        }
        handlers.onFailed(messageOf(error), error instanceof StatusError ? error.status : undefined)
      }
      await sleep(delay, undefined, { signal }).catch(() => undefined)
      delay = Math.min(delay * 2, MAX_DELAY_MS)
    }
  }
  const running = run()
  return {
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}
