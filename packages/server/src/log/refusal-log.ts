import type { LogFields } from '@aws-iam-authenticator/core/log/log'
import type { NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import type { Refusal } from '@aws-iam-authenticator/core/errors/reasons'

/** How much of one near miss a line of the log takes; an ARN in it may be as long as its writer liked. */
const MAX_LENGTH = 400

/** What the line about a refusal has beside who and where: the reason, and the section of the documents about it. */
export function refusalFields({ reason, message }: Refusal): LogFields {
  return { reason, error: message, see: `docs/errors.md#${reason}` }
}

/**
 * The entries that were nearly for whoever is refused; of a scrubbed account only which they are. The ids of scrubbed accounts
 * are left out of what is told to others.
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
