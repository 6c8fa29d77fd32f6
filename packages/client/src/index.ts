export { createAwsAccess, type AwsAccess, type AwsAccessOptions } from './aws-access.ts'
export { cachePath } from './cache/cache-file.ts'
export { clearCredentialCache } from './cache/credential-cache.ts'
export type { MfaCodeProvider } from './credentials/context.ts'
export { firstSet, type Environment } from './environment.ts'
export { CredentialsError, type CredentialsErrorCode } from './errors.ts'
export { formatExecCredential, type ExecCredentialOptions } from './exec-credential.ts'
export { homeFolder } from './home-folder.ts'
export type { HttpClient, HttpClientAnswer, HttpRequestOptions } from './http-client.ts'
export {
  closedByOther,
  exchange,
  exchangeConnect,
  loadHttp,
  MAX_HEADER_BYTES,
  type ExchangeAnswer,
  type ExchangeOptions,
  type TunnelAnswer,
} from './http-exchange.ts'
export { createInstanceMetadata, type InstanceMetadata } from './instance-metadata.ts'
export { getToken, type Token, type TokenOptions } from './token.ts'
