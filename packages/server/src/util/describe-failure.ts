import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import { ProxyRefusal } from '@aws-iam-authenticator/network/proxy/proxy-refusal'

/** Describes why a connection failed, by a code or a name. The message of undici is left out, because it may quote the request. */
export function describeFailure(error: unknown): string {
  if (error instanceof ProxyRefusal) return error.message
  return errorCode(error) ?? (error instanceof Error ? error.name : messageOf(error))
}
