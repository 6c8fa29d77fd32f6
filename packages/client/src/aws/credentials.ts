/** Where credentials come from, in words for a person, such as `profile "dev"`. */
export type CredentialSource = string

/** AWS credentials and where they come from. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When they stop working; absent where nobody said. */
  readonly expiration?: Date
  readonly source: CredentialSource
}
