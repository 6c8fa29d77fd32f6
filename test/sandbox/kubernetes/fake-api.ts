import type { IncomingMessage, ServerResponse } from 'node:http'
import { authenticate, authorize, type Account } from './api/accounts.ts'
import { clientCertificateName } from './api/client-certificate.ts'
import { discovery } from './api/discovery.ts'
import { completeDraft, parseDraft } from './api/drafts.ts'
import { readJson, sendFailure, sendJson } from './api/exchange.ts'
import { Listener, type ListenerOptions } from './api/listener.ts'
import type { KubeObject } from './api/objects.ts'
import { getObject, Lists } from './api/reads.ts'
import { recordRequest, type RecordedRequest } from './api/recorded-request.ts'
import { parseRequest, type RequestInfo } from './api/request-info.ts'
import { configMaps, daemonSets, events, iamIdentityMappings, type Resource } from './api/resources.ts'
import { ApiFailure, failureOfCode } from './api/status.ts'
import { Store } from './api/store.ts'
import { Waiters } from './api/waiters.ts'
import { Watches, type ExpiredAnswer } from './api/watches.ts'
import { createObject, deleteObject, patchObject, updateObject } from './api/writes.ts'

export { allowAll, type Account, type Rule } from './api/accounts.ts'
export type { KubeObject } from './api/objects.ts'
export type { RecordedRequest } from './api/recorded-request.ts'

export type FakeKubernetesOptions = ListenerOptions & {
  accounts: readonly Account[]
  /** The number of changes that a watch can go back. Default 1000. */
  historySize?: number
  /** Runs before a request is handled, so that a test can change objects first. */
  beforeRequest?: (request: RecordedRequest) => void
}

const DEFAULT_HISTORY_SIZE = 1000
const DEFAULT_PATIENCE_MS = 10_000

/**
 * A stand-in for a Kubernetes API server: config maps, events and IAM identity mappings over TLS, in the wire format of
 * the Kubernetes API (API concepts: "Resource URIs", "Efficient detection of changes", "Retrieving large results sets").
 */
export class FakeKubernetes {
  /** All requests since the start, in order of arrival. */
  readonly requests: RecordedRequest[] = []
  readonly #listener: Listener
  readonly #beforeRequest: (request: RecordedRequest) => void
  readonly #store: Store
  readonly #lists: Lists
  readonly #watches: Watches
  readonly #waiters = new Waiters()
  #accounts: readonly Account[]
  #expiredAnswer: ExpiredAnswer = 'status'
  #failingLists: number | undefined
  #held: Promise<void> | undefined

  private constructor(listener: Listener, options: FakeKubernetesOptions) {
    this.#listener = listener
    this.#beforeRequest = options.beforeRequest ?? ((): void => {})
    this.#accounts = options.accounts
    this.#store = new Store(options.historySize ?? DEFAULT_HISTORY_SIZE)
    this.#lists = new Lists(this.#store)
    this.#watches = new Watches(this.#store, () => this.#waiters.changed())
    this.#store.subscribe(() => this.#waiters.changed())
  }

  static async start(options: FakeKubernetesOptions): Promise<FakeKubernetes> {
    const listener = await Listener.start(options, (request, response) => void api.#handle(request, response))
    const api = new FakeKubernetes(listener, options)
    return api
  }

  get url(): string {
    return this.#listener.url
  }

  get host(): string {
    return this.#listener.host
  }

  get port(): number {
    return this.#listener.port
  }

  get openWatches(): number {
    return this.#watches.count
  }

  /** Stops for good. */
  close(): Promise<void> {
    return this.#listener.goAway()
  }

  /**
   * Waits for a condition on this API's requests, watches and objects.
   *
   * @throws Error if it does not hold in time.
   */
  until(condition: () => boolean, timeoutMs: number = DEFAULT_PATIENCE_MS): Promise<void> {
    return this.#waiters.until(condition, timeoutMs)
  }

  /** Replaces the accounts and their rights. Open watches continue, as in a real API server. */
  setAccounts(accounts: readonly Account[]): void {
    this.#accounts = accounts
  }

  /** Gives an account another token. The old one stops working. */
  rotateToken(username: string, token: string): void {
    this.#accounts = this.#accounts.map((account) => (account.username === username ? { ...account, token } : account))
  }

  /** Creates the config map or replaces its data. Labels, annotations and identity stay. */
  putConfigMap(namespace: string, name: string, data: Record<string, string>): KubeObject {
    return this.#put(configMaps, namespace, name, { data })
  }

  /** True if there was one. */
  deleteConfigMap(namespace: string, name: string): boolean {
    return this.#store.delete(configMaps, namespace, name) !== undefined
  }

  getConfigMap(namespace: string, name: string): KubeObject | undefined {
    return this.#store.get(configMaps, namespace, name)
  }

  /** Creates the daemon set or replaces its spec. */
  putDaemonSet(namespace: string, name: string, spec: Record<string, unknown>): KubeObject {
    return this.#put(daemonSets, namespace, name, { spec })
  }

  /** Creates the identity mapping or replaces its spec. The status stays. */
  putIdentityMapping(name: string, spec: Record<string, unknown>): KubeObject {
    return this.#put(iamIdentityMappings, undefined, name, { spec })
  }

  /** True if there was one. */
  deleteIdentityMapping(name: string): boolean {
    return this.#store.delete(iamIdentityMappings, undefined, name) !== undefined
  }

  getIdentityMapping(name: string): KubeObject | undefined {
    return this.#store.get(iamIdentityMappings, undefined, name)
  }

  /** The events of all namespaces. */
  listEvents(): KubeObject[] {
    return this.#store.list(events, undefined)
  }

  /** Fault: destroys the connections of all open watches. */
  dropWatches(): void {
    this.#watches.drop()
  }

  /**
   * Fault: drops the history, so that a watch or a continue token from any previous version is 410 Expired:
   * as the HTTP status, or as an ERROR event in a stream of status 200. Open watches continue.
   */
  expireHistory(answer: ExpiredAnswer): void {
    this.#expiredAnswer = answer
    this.#store.compact()
    this.#lists.expire()
  }

  /** Fault: stops listening and destroys all connections. */
  goAway(): Promise<void> {
    return this.#listener.goAway()
  }

  /** Ends `goAway`, on the same port. */
  comeBack(): Promise<void> {
    return this.#listener.comeBack()
  }

  /** Fault: answers every list with this HTTP status, until called with undefined. */
  failLists(status: number | undefined): void {
    this.#failingLists = status
  }

  /** Fault: delays requests until the returned function is called. Open watches continue. */
  holdResponses(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    return () => {
      this.#held = undefined
      resolve()
    }
  }

  /** Fault: writes an invalid line, or the given one, to all open watches. */
  sendWatchLine(line = '{"type":"ADDED","object":'): void {
    this.#watches.writeLine(line)
  }

  /** Sends a bookmark to all open watches that allow it. */
  sendBookmarks(): void {
    this.#watches.sendBookmarks()
  }

  #put(resource: Resource, namespace: string | undefined, name: string, content: Record<string, unknown>): KubeObject {
    const request: RequestInfo = { verb: 'update', resource, subresource: undefined, namespace, name, selector: [] }
    const before = this.#store.get(resource, namespace, name)
    const draft = parseDraft({ ...before, metadata: { ...before?.metadata, name }, ...content }, request)
    return this.#store.put(resource, completeDraft(draft, request, before))
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = recordRequest(request)
    this.requests.push(record)
    this.#waiters.changed()
    try {
      this.#beforeRequest(record)
      await this.#held
      // The client disconnected while the response was delayed.
      if (response.destroyed) return
      await this.#answer(request, response, record)
    } catch (error) {
      sendFailure(response, error)
    } finally {
      record.status = response.headersSent ? response.statusCode : undefined
      this.#waiters.changed()
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, record: RecordedRequest): Promise<void> {
    const { method, path, query } = record
    const account = authenticate(this.#accounts, request.headers.authorization, clientCertificateName(request))
    const document = method === 'GET' ? discovery.get(path) : undefined
    if (document !== undefined) return sendJson(response, 200, document)
    const info = parseRequest(method, path, query)
    if (info === undefined) throw new ApiFailure('NotFound', 'the server could not find the requested resource')
    authorize(account, info)
    switch (info.verb) {
      case 'get':
        return sendJson(response, 200, getObject(this.#store, info))
      case 'list': {
        const failing = this.#failingLists
        if (failing !== undefined) return sendJson(response, failing, failureOfCode(failing))
        return sendJson(response, 200, this.#lists.answer(info, query))
      }
      case 'watch':
        return this.#watches.open(response, info, query, this.#expiredAnswer)
      case 'create':
        return sendJson(response, 201, createObject(this.#store, info, await readJson(request)))
      case 'update':
        return sendJson(response, 200, updateObject(this.#store, info, await readJson(request)))
      case 'patch': {
        const mediaType = request.headers['content-type']?.split(';')[0] ?? ''
        return sendJson(response, 200, patchObject(this.#store, info, mediaType, await readJson(request)))
      }
      case 'delete':
        return sendJson(response, 200, deleteObject(this.#store, info))
    }
  }
}
