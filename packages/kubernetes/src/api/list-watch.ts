import { setTimeout as sleep } from 'node:timers/promises'
import { isRecord, messageOf, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesApi } from './connection.ts'
import { readJson } from './read-json.ts'

/** A Kubernetes object as it came over the wire. */
export type KubernetesObject = Readonly<Record<string, unknown>>

/** Receives a page of a list. `isFirst` is true at the start of a list, which may follow a failed one. */
type TakePage = (objects: readonly KubernetesObject[], isFirst: boolean) => void

/**
 * The handlers of a reflector: the whole state after a list, then each change. The reflector waits for each handler to return.
 */
export interface ReflectorHandlers {
  /** Receives each page of a list. Without it `replaced` receives the whole list. */
  readonly listed?: TakePage
  /** A list is complete. The objects are those that `listed` did not receive. */
  replaced(objects: readonly KubernetesObject[]): unknown
  changed(object: KubernetesObject): unknown
  deleted(object: KubernetesObject): unknown
  /**
   * A list or a watch failed. What was reflected stays as it is until the next one succeeds.
   *
   * @param status The HTTP status of the API server's answer; undefined if another failure occurred.
   */
  failed(message: string, status?: number): void
}

interface Resource {
  readonly path: string
  readonly fieldSelector?: string
}

/** The reflection of a resource, until it is stopped. */
export interface Reflector {
  stop(): Promise<void>
}

/** A connection that died without a word is noticed only by a watch that does not end: so watches are short. */
const WATCH_SECONDS = 60
const MAX_OBJECT_BYTES = 8 * 1024 * 1024
const LIST_PAGE = '500'
const FIRST_DELAY_MS = 200
/** The longest time before the next try after a list succeeded: the server is there, but its watches may not be. */
const LISTED_DELAY_MS = 1_000
/** The longest time between two tries. Clusters count on a retry within 5 s. */
const MAX_DELAY_MS = 4_000

/** The resourceVersion that a watch began from is too old: the state must be listed again (HTTP 410). */
class Expired extends Error {}

/** The API server answered a request with an error. */
export class StatusError extends Error {
  readonly status: number

  constructor(verb: 'list' | 'watch', status: number, answer: unknown) {
    super(`${verb}: status ${status}: ${textAt(answer, 'message') ?? 'no message'}`)
    this.status = status
  }
}

interface State {
  resourceVersion: string | null
}

async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // What has come of the line so far: only a whole line is put together.
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
 * All objects of a resource, page by page, and the resourceVersion that a watch goes on from.
 *
 * @param take Is given the objects in place of the caller.
 */
export async function listObjects(
  api: KubernetesApi,
  resource: Resource,
  signal: AbortSignal,
  take?: TakePage,
): Promise<[KubernetesObject[], string]> {
  const objects: KubernetesObject[] = []
  let next = ''
  for (;;) {
    const selector = resource.fieldSelector === undefined ? {} : { fieldSelector: resource.fieldSelector }
    const query = { ...selector, limit: LIST_PAGE, ...(next === '' ? {} : { continue: next }) }
    const { statusCode, body } = await api.get(resource.path, query, { signal, bodyTimeoutMs: 30_000 })
    const answer = await readJson(body)
    if (statusCode === 410) throw new Expired('the list expired while it was read')
    if (statusCode !== 200) throw new StatusError('list', statusCode, answer)
    const items = property(answer, 'items')
    const resourceVersion = textAt(answer, 'metadata', 'resourceVersion')
    if ((items !== null && !Array.isArray(items)) || resourceVersion === undefined)
      throw new Error('list: the answer is not a list')
    const page = (items ?? []).filter(isRecord)
    if (take === undefined) objects.push(...page)
    else take(page, next === '')
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
  if (type === 'ADDED' || type === 'MODIFIED') await handlers.changed(object)
  else if (type === 'DELETED') await handlers.deleted(object)
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
    ...(resource.fieldSelector === undefined ? {} : { fieldSelector: resource.fieldSelector }),
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: state.resourceVersion ?? '',
    timeoutSeconds: String(WATCH_SECONDS),
  }
  // A server that is gone without a word shows by the end of a watch that does not come.
  const bodyTimeoutMs = (WATCH_SECONDS + 30) * 1000
  const { statusCode, body } = await api.get(resource.path, query, { signal, bodyTimeoutMs })
  if (statusCode !== 200) {
    const answer = await readJson(body)
    if (statusCode === 410) throw new Expired(textAt(answer, 'message') ?? 'status 410')
    throw new StatusError('watch', statusCode, answer)
  }
  for await (const line of readLines(body)) if (line.length > 0) await handleEvent(line, state, handlers)
}

/**
 * Keeps up with a resource by one list and then watches, as Kubernetes' own clients do.
 *
 * A watch that ends goes on from where it was; one that is too old begins again with a list. Failures are retried with a
 * delay that doubles up to 4 s, so that an API server that comes back is noticed within 5 s and is not rushed.
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
      const [objects, resourceVersion] = await listObjects(api, resource, signal, handlers.listed)
      await handlers.replaced(objects)
      state.resourceVersion = resourceVersion
      delay = Math.min(delay, LISTED_DELAY_MS)
    }
    const before = state.resourceVersion
    const startedAt = performance.now()
    try {
      await watch(api, resource, state, handlers, signal)
    } finally {
      // A watch that brought something or lasted shows a healthy server, however it ended; one that ends at once must not
      // become a busy loop.
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
        handlers.failed(messageOf(error), error instanceof StatusError ? error.status : undefined)
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
