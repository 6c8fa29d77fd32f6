export { CredentialsError, type CredentialsErrorCode } from './aws/credentials-error.ts'
export { getToken, type GetTokenOptions, type LibraryToken } from './library/get-token.ts'
export {
  createAuthenticator,
  type AuthenticatorOptions,
  type KubernetesAuthenticator,
} from './library/kubernetes-authenticator.ts'
export { createTokenSource, type TokenSource, type TokenSourceOptions } from './library/token-source.ts'
