import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { AwsHttpHandler } from './http-handler.ts'
import type { InstanceMetadata } from './instance-metadata.ts'
import type { Settings } from './settings.ts'

/** Asks the user for the code of their MFA device. Returns undefined without an answer. */
export type MfaCodeProvider = (serialNumber: string) => Promise<string | undefined>

/** The input of each step of the credential chain. */
export interface CredentialContext {
  readonly environment: Environment
  readonly settings: Settings
  readonly http: AwsHttpHandler
  readonly instanceMetadata: InstanceMetadata
  /** Absent if the user must not be asked. */
  readonly mfaCodeProvider?: MfaCodeProvider | undefined
  /** Runs a program that may prompt the user. Its time doesn't count against the deadline for credentials. */
  readonly pauseWhile?: (<T>(wait: () => Promise<T>) => Promise<T>) | undefined
}
