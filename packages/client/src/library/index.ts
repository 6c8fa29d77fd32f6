export { CredentialsError, type CredentialsErrorCode } from '../aws/credentials-error.ts'
export { getToken, type GetTokenOptions, type LibraryToken } from './get-token.ts'
export {
  createAuthenticator,
  type AuthenticatorOptions,
  type KubernetesAuthenticator,
} from './kubernetes-authenticator.ts'
export { createTokenSource, type TokenSource, type TokenSourceOptions } from './token-source.ts'
