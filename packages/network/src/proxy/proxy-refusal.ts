/** A proxy refused to open a tunnel. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal'
  /** The HTTP status of its answer to CONNECT. */
  readonly statusCode: number

  constructor(statusCode: number) {
    super(`the proxy answered ${statusCode}`)
    this.statusCode = statusCode
  }
}
