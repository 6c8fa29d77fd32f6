/** What AWS says against a call, in the shape of the SDK's own errors, so that both are explained alike. */
export class StsRefusal extends Error {
  override readonly name: string
  readonly $fault: 'client' | 'server'
  readonly statusCode: number

  /** @param code AWS's own, such as `AccessDenied`. */
  constructor(statusCode: number, code: string, message: string) {
    super(message)
    this.name = code
    this.statusCode = statusCode
    this.$fault = statusCode >= 500 ? 'server' : 'client'
  }
}

/** What answered does not speak the protocol of STS. */
export class NoStsAnswer extends Error {
  override readonly name = 'NoStsAnswer'
  readonly statusCode: number

  constructor(statusCode: number) {
    super('Invalid response from STS')
    this.statusCode = statusCode
  }
}
