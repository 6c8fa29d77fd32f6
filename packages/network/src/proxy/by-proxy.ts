// Bun has a module of its own for the bare name, without this class.
import { Dispatcher } from 'undici/index.js'
import type { ProxyChoice } from './proxy.ts'

/**
 * Sends each request through the proxy for its origin, or directly.
 *
 * Has one dispatcher per proxy, not per origin. A dispatcher drops idle connections to origins by itself. undici's own
 * EnvHttpProxyAgent doesn't support CIDR ranges, and sends HTTPS through HTTP_PROXY if HTTPS_PROXY is not set.
 */
export class ByProxy extends Dispatcher {
  readonly #choose: ProxyChoice
  readonly #create: (proxy: string | undefined) => Dispatcher
  readonly #dispatchers = new Map<string | undefined, Dispatcher>()
  /** The dispatcher of the latest origin. Almost all requests go to the same one. */
  #latest: { readonly origin: Dispatcher.DispatchOptions['origin']; readonly dispatcher: Dispatcher } | null = null

  constructor(choose: ProxyChoice, create: (proxy: string | undefined) => Dispatcher) {
    super()
    this.#choose = choose
    this.#create = create
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { origin } = options
    let latest = this.#latest
    if (latest === null || latest.origin !== origin) {
      latest = { origin, dispatcher: this.#dispatcherFor(new URL(origin ?? '')) }
      this.#latest = latest
    }
    return latest.dispatcher.dispatch(options, handler)
  }

  #dispatcherFor(origin: URL): Dispatcher {
    const proxy = this.#choose(origin)
    const known = this.#dispatchers.get(proxy)
    const dispatcher = known ?? this.#create(proxy)
    if (known === undefined) this.#dispatchers.set(proxy, dispatcher)
    return dispatcher
  }

  override async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.close()))
  }

  override async destroy(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()))
  }
}
