import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendFailure, sendJson } from './api/exchange.ts'
import { Listener, type ListenerOptions } from './api/listener.ts'
import { recordRequest, type RecordedRequest } from './api/recorded-request.ts'
import { ApiFailure } from './api/status.ts'
import { documents, selfSubjectReview } from './webhook/front-documents.ts'
import type { UserInfo } from './webhook/token-review.ts'
import { WebhookAuthenticator, type AuthenticatorOptions, type WebhookAnswer } from './webhook/webhook-authenticator.ts'
import { readWebhookConfig } from './webhook/webhook-config.ts'

export type { UserInfo, Verdict } from './webhook/token-review.ts'
export type { WebhookAnswer } from './webhook/webhook-authenticator.ts'

export type WebhookFrontOptions = ListenerOptions &
  AuthenticatorOptions & {
    /** The path of the webhook kubeconfig, read once, as kube-apiserver does. */
    webhookKubeconfig: string
  }

/** A kube-apiserver that only authenticates: it sends every request's bearer token to the webhook. */
export class WebhookFront {
  /** All requests since the start, in order of arrival. */
  readonly requests: RecordedRequest[] = []
  readonly #listener: Listener
  readonly #authenticator: WebhookAuthenticator

  private constructor(listener: Listener, authenticator: WebhookAuthenticator) {
    this.#listener = listener
    this.#authenticator = authenticator
  }

  /** @throws Error if the webhook kubeconfig cannot be read or used. */
  static async start(options: WebhookFrontOptions): Promise<WebhookFront> {
    const authenticator = new WebhookAuthenticator(await readWebhookConfig(options.webhookKubeconfig), options)
    const listener = await Listener.start(options, (request, response) => void front.#handle(request, response))
    const front = new WebhookFront(listener, authenticator)
    return front
  }

  get url(): string {
    return this.#listener.url
  }

  get port(): number {
    return this.#listener.port
  }

  /** The answers of the webhook, in order. */
  get answers(): readonly WebhookAnswer[] {
    return this.#authenticator.answers
  }

  async close(): Promise<void> {
    await this.#listener.goAway()
    await this.#authenticator.close()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = recordRequest(request)
    this.requests.push(record)
    try {
      this.#answer(record, response, await this.#logIn(request))
    } catch (error) {
      sendFailure(response, error)
    } finally {
      record.status = response.statusCode
    }
  }

  async #logIn(request: IncomingMessage): Promise<UserInfo> {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    const verdict = token === undefined ? undefined : await this.#authenticator.authenticate(token)
    if (verdict?.kind !== 'authenticated') throw new ApiFailure('Unauthorized', 'Unauthorized')
    return verdict.user
  }

  #answer({ method, path }: RecordedRequest, response: ServerResponse, user: UserInfo): void {
    const document = method === 'GET' ? documents.get(path) : undefined
    if (document !== undefined) return sendJson(response, 200, document)
    if (method === 'POST' && path === '/apis/authentication.k8s.io/v1/selfsubjectreviews') {
      return sendJson(response, 201, selfSubjectReview(user))
    }
    throw new ApiFailure('NotFound', 'the server could not find the requested resource')
  }
}
