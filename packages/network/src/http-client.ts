/** A request for an {@link HttpClient}. */
export interface HttpRequestOptions {
  /** Scheme, host and port. */
  readonly origin: string
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array | null
  readonly signal: AbortSignal
}

/** An answer. Header names are in lower case. */
export interface HttpClientAnswer {
  readonly statusCode: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: AsyncIterable<Uint8Array>
}

/** Sends HTTP requests. Any undici dispatcher is an HttpClient. */
export interface HttpClient {
  request(options: HttpRequestOptions): Promise<HttpClientAnswer>
  /** Opens a connection ahead of the next request. */
  readonly open?: (origin: string) => void
  /** Closes all connections at once. */
  destroy(): Promise<void>
}
