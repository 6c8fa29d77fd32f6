import { createTokenSource, type TokenSource, type TokenSourceOptions } from './token-source.ts'

/** The authenticator that `KubeConfig.addAuthenticator` of `@kubernetes/client-node` takes. */
export interface KubernetesAuthenticator {
  isAuthProvider(user: { readonly name: string }): boolean
  applyAuthentication(user: { readonly name: string }, options: { headers?: unknown }): Promise<void>
}

/** The options of `createAuthenticator`. */
export interface AuthenticatorOptions extends TokenSourceOptions {
  /** The name of the kubeconfig's user that logs in with AWS. Other users never get the token. */
  readonly user: string
}

/** Sets the header, and keeps the others. */
function setBearerToken(options: { headers?: unknown }, token: string): void {
  const { headers } = options
  const others = typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
  const kept = others.filter(([name]) => name.toLowerCase() !== 'authorization')
  options.headers = { ...Object.fromEntries(kept), Authorization: `Bearer ${token}` }
}

/**
 * Creates an authenticator for `@kubernetes/client-node`, which sends a valid token with each request. That user of the
 * kubeconfig must have no `exec`, `authProvider` or `token` of its own, which the client prefers.
 */
export function createAuthenticator({ user: name, ...options }: AuthenticatorOptions): KubernetesAuthenticator {
  const source: TokenSource = createTokenSource(options)
  return {
    isAuthProvider: (user) => user.name === name,
    applyAuthentication: async (_user, request) => {
      setBearerToken(request, await source.token())
    },
  }
}
