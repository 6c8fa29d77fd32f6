/** A JWT that AWS has signed. */
export interface Jwt {
  readonly token: string
  /** Its end, by AWS's clock. */
  readonly expiration: Date
}
