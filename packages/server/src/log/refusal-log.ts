import type { LogFields } from '@aws-iam-authenticator/core/log/log'
import type { NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import { reasonUrl, type Refusal } from '@aws-iam-authenticator/core/errors/reasons'

/** The limit of one near miss in a log line, in characters: an ARN in it may have any length. */
const MAX_LENGTH = 400

/** Returns the fields that explain a refusal: the reason, and the URL of the section about it. */
export function refusalFields({ reason, message }: Refusal): LogFields {
  return { reason, error: message, see: reasonUrl(reason) }
}

/**
 * Returns the near misses of a refused caller. For a scrubbed account they have only the place and kind of each entry. For others,
 * the ids of scrubbed accounts are masked.
 */
export function nearestFields(
  misses: readonly NearMiss[],
  isScrubbed: boolean,
  scrubbedAccounts: ReadonlySet<string>,
): LogFields {
  if (misses.length === 0) return {}
  if (isScrubbed) return { nearest: misses.map(({ backend, path, kind }) => `${backend} ${path}: ${kind}`) }
  const shown = ({ message }: NearMiss): string =>
    [...scrubbedAccounts].reduce((text, account) => text.replaceAll(account, '***'), message).slice(0, MAX_LENGTH)
  return { nearest: misses.map(shown) }
}
