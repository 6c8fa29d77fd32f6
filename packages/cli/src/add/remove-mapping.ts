import { placeOf, readKey } from '@aws-iam-authenticator/core/edit/aws-auth-lists'
import { removeMapping, type Removal } from '@aws-iam-authenticator/core/edit/remove-mapping'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { CommandContext } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { changeAwsAuth, requireKubeconfig } from './change-aws-auth.ts'
import { usageMessage } from './usage-message.ts'

function describe(entry: MappingEntry): string {
  const { principal, username, groups } = entry
  return `${placeOf(entry)}: ${principal}, username ${username}, groups [${groups.join(' ')}]`
}

/**
 * Removes all entries of a principal from the ConfigMap aws-auth of the cluster that the flags select.
 *
 * @param shown The principal as the prompt shows it.
 * @returns The exit code.
 * @throws {UsageError} No kubeconfig is named, or the principal is not valid. The error names the flag.
 */
export async function remove(context: CommandContext, removal: Removal, shown: string): Promise<number> {
  const paths = requireKubeconfig(context)
  const key = readKey(removal.kind, removal.principal)
  if (!('type' in key)) throw new UsageError(usageMessage(key.filter(({ severity }) => severity === 'error')))
  return changeAwsAuth(context, paths, {
    edit: (data) => removeMapping(data, removal),
    announce: (data) => removeMapping(data, removal).removed.map(describe),
    shown: `remove ${shown}`,
    preposition: 'from',
  })
}
