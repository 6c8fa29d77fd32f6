import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { AwsHttpHandler } from './http-handler.ts'
import type { InstanceMetadata } from './instance-metadata.ts'
import type { Settings } from './settings.ts'

/** Asks a person for the code of their MFA device; undefined where nobody answers. */
export type MfaCodeProvider = (serialNumber: string) => Promise<string | undefined>

/** What the steps of the credential chain work with. */
export interface CredentialContext {
  readonly environment: Environment
  readonly settings: Settings
  readonly http: AwsHttpHandler
  readonly instanceMetadata: InstanceMetadata
  /** Absent where nobody is to be asked. */
  readonly mfaCodeProvider?: MfaCodeProvider | undefined
  /** Runs a program that may ask a person, outside the time that the credentials may take. */
  readonly pauseWhile?: (<T>(wait: () => Promise<T>) => Promise<T>) | undefined
}
