/** The origin of credentials, in words for a message, such as `profile "dev"`. */
export type CredentialSource = string

/** AWS credentials and their origin. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** The end of their validity; absent if unknown. */
  readonly expiration?: Date
  readonly source: CredentialSource
}
