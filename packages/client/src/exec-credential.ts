import type { Token } from './token.ts'

const DEFAULT_API_VERSION = 'client.authentication.k8s.io/v1beta1'

/** What a kubectl exec plugin prints. */
interface ExecCredentialOptions extends Token {
  /** The value of KUBERNETES_EXEC_INFO, by which kubectl says which version it wants. */
  readonly execInfo?: string | undefined
}

function requestedApiVersion(execInfo: string | undefined): string {
  let info: unknown
  try {
    info = JSON.parse(execInfo ?? '')
  } catch {
    return DEFAULT_API_VERSION
  }
  if (typeof info !== 'object' || info === null || !('apiVersion' in info)) return DEFAULT_API_VERSION
  return typeof info.apiVersion === 'string' && info.apiVersion !== '' ? info.apiVersion : DEFAULT_API_VERSION
}

/**
 * Writes the ExecCredential by which kubectl takes the token, as one line without its end.
 *
 * Any apiVersion that kubectl asks for is echoed: all versions so far share these fields, and kubectl refuses an answer
 * in another version than it asked for.
 *
 * @see https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
 */
export function formatExecCredential({ token, expiration, execInfo }: ExecCredentialOptions): string {
  return JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: requestedApiVersion(execInfo),
    spec: { interactive: false },
    status: { expirationTimestamp: expiration.toISOString().replace(/\.\d+Z$/, 'Z'), token },
  })
}
