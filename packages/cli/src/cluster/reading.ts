import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import { StatusError } from '@aws-iam-authenticator/kubernetes/api/list-watch'

const TIMEOUT_MS = 10_000

/** A value, or the reason why it could not be read. */
export type Reading<T> = { readonly value: T; readonly fault: null } | { readonly value: null; readonly fault: string }

/** Describes an error. If rights are missing, it says whose. */
function faultOf(error: unknown, userName: string): string {
  const message = messageOf(error)
  if (!(error instanceof StatusError)) return message
  if (error.status === 401) return `${message}: the API server does not accept the user "${userName}" of the kubeconfig`
  return error.status === 403 ? `${message}: the user "${userName}" of the kubeconfig lacks this right` : message
}

/** Reads a value as a user of the kubeconfig. */
export async function read<T>(userName: string, readValue: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await readValue(), fault: null }
  } catch (error) {
    return { value: null, fault: faultOf(error, userName) }
  }
}

/**
 * Reads an object.
 *
 * @returns undefined if it does not exist.
 * @throws {StatusError} The API server refuses.
 */
export async function readObject(api: KubernetesApi, path: string, timeoutMs: number = TIMEOUT_MS): Promise<unknown> {
  const options = { signal: AbortSignal.timeout(timeoutMs), bodyTimeoutMs: timeoutMs }
  const { statusCode, body } = await api.get(path, {}, options)
  const object: unknown = await body.json().catch(() => null)
  if (statusCode === 404) return undefined
  if (statusCode !== 200) throw new StatusError('get', statusCode, object)
  return object
}
