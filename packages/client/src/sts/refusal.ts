/** An error in an answer of STS, in the shape of the SDK's errors, so that both are explained the same way. */
export class StsRefusal extends Error {
  override readonly name: string
  readonly $fault: 'client' | 'server'
  readonly statusCode: number

  /** @param code The error code of AWS, such as `AccessDenied`. */
  constructor(statusCode: number, code: string, message: string) {
    super(message)
    this.name = code
    this.statusCode = statusCode
    this.$fault = statusCode >= 500 ? 'server' : 'client'
  }
}

/** The answer is not in the protocol of STS. */
export class NoStsAnswer extends Error {
  override readonly name = 'NoStsAnswer'
  readonly statusCode: number

  constructor(statusCode: number) {
    super('the answer is not in the protocol of STS')
    this.statusCode = statusCode
  }
}
