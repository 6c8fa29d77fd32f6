import { Agent, request } from 'undici'
import { judge, tokenReview, type ReviewVersion, type Verdict } from './token-review.ts'
import { VerdictCache } from './verdict-cache.ts'
import type { WebhookConfig } from './webhook-config.ts'

export type AuthenticatorOptions = {
  /** Default v1beta1, as kube-apiserver's `--authentication-token-webhook-version`. */
  reviewVersion?: ReviewVersion
  audiences?: readonly string[]
  /** Remembers verdicts for two minutes, as kube-apiserver does, by this clock of milliseconds. Default: remembers nothing. */
  cacheClock?: () => number
}

/** One answer of the webhook for tests, with the token removed. */
export type WebhookAnswer = {
  /** Undefined without an answer. */
  status: number | undefined
  body: unknown
  /** True if the answer contained the token. */
  echoedToken: boolean
  verdict: Verdict
}

/** kube-apiserver's own. */
const TIMEOUT_MS = 30_000

const NO_ANSWER = { status: undefined, body: undefined, echoedToken: false }

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Sends tokens to a webhook. */
export class WebhookAuthenticator {
  /** All answers of the webhook, in order. */
  readonly answers: WebhookAnswer[] = []
  readonly #config: WebhookConfig
  readonly #version: ReviewVersion
  readonly #audiences: readonly string[]
  readonly #cache: VerdictCache | undefined
  readonly #agent: Agent

  constructor(config: WebhookConfig, options: AuthenticatorOptions) {
    this.#config = config
    this.#version = options.reviewVersion ?? 'v1beta1'
    this.#audiences = options.audiences ?? []
    this.#cache = options.cacheClock === undefined ? undefined : new VerdictCache(options.cacheClock)
    this.#agent = new Agent({ allowH2: true, connect: { ca: config.certificateAuthority } })
  }

  async authenticate(token: string): Promise<Verdict> {
    const known = this.#cache?.get(token)
    if (known !== undefined) return known
    const answer = await this.#ask(token)
    this.answers.push(answer)
    this.#cache?.set(token, answer.verdict)
    return answer.verdict
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #ask(token: string): Promise<WebhookAnswer> {
    const url = new URL(this.#config.url)
    url.searchParams.set('timeout', `${TIMEOUT_MS / 1000}s`)
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: {
          accept: 'application/json, */*',
          'content-type': 'application/json',
          'user-agent': 'kube-apiserver',
        },
        body: JSON.stringify(tokenReview(this.#version, token, this.#audiences)),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const status = response.statusCode
      const text = await response.body.text()
      const verdict = judge(this.#version, this.#audiences, status, parseJson(text))
      const blotted = text.replaceAll(token, '[token]')
      return { status, body: parseJson(blotted) ?? blotted, echoedToken: blotted !== text, verdict }
    } catch (error) {
      const message = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
      return { ...NO_ANSWER, verdict: { kind: 'error', message } }
    }
  }
}
