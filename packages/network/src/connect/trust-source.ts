import { firstSet, type Environment } from '../environment.ts'

/** The settings that choose the CA certificates of connections to AWS. */
export interface TrustOptions {
  readonly environment: Environment
  /** The `ca_bundle` of the AWS profile. AWS_CA_BUNDLE takes precedence. */
  readonly caBundle?: string | undefined
}

/** A path and the setting that it comes from. */
export interface Named {
  readonly setting: string
  readonly path: string
}

/** The bundle that replaces the system's CA certificates; undefined for none. */
export function namedBundle({ environment, caBundle }: TrustOptions): Named | undefined {
  const awsBundle = firstSet(environment, 'AWS_CA_BUNDLE')?.value
  if (awsBundle !== undefined) return { setting: 'AWS_CA_BUNDLE', path: awsBundle }
  return caBundle === undefined ? undefined : { setting: 'ca_bundle of the AWS profile', path: caBundle }
}
