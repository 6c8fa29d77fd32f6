import { parseJsonValue, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Token } from './token.ts'

const DEFAULT_API_VERSION = 'client.authentication.k8s.io/v1beta1'

/** The content of an ExecCredential. */
interface ExecCredentialOptions extends Token {
  /** The value of KUBERNETES_EXEC_INFO, which holds the version that kubectl requests. */
  readonly execInfo?: string | undefined
}

function requestedApiVersion(execInfo: string | undefined): string {
  return textAt(parseJsonValue(execInfo ?? ''), 'apiVersion') || DEFAULT_API_VERSION
}

/**
 * Formats the ExecCredential that a kubectl exec plugin prints, as one line without a line break.
 *
 * Echoes any apiVersion that kubectl requests. All versions so far share these fields, and kubectl rejects an answer in
 * another version.
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
