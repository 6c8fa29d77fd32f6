import { addMapping, checkNewMapping, type NewMapping } from '@aws-iam-authenticator/core/edit/add-mapping'
import { updateMapping } from '@aws-iam-authenticator/core/edit/update-mapping'
import type { CommandContext } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { UPDATE } from '../command-line/add-options.ts'
import { changeAwsAuth, requireKubeconfig } from './change-aws-auth.ts'
import { usageMessage } from './usage-message.ts'

/** A new entry, with texts for the user. */
interface Addition {
  readonly mapping: NewMapping
  /** The entry as the prompt shows it. */
  readonly shown: string
  readonly notes: readonly string[]
}

/**
 * Adds an entry to the ConfigMap aws-auth of the cluster that the flags select, or updates the entry that it has.
 *
 * @returns The exit code.
 * @throws {UsageError} No kubeconfig is named, or the server would reject the entry. The error names the flag.
 */
export async function add(context: CommandContext, { mapping, shown, notes }: Addition): Promise<number> {
  const paths = requireKubeconfig(context)
  const checked = checkNewMapping(mapping)
  if (!('key' in checked)) throw new UsageError(usageMessage(checked))
  context.stderr.lines(notes)
  const isUpdate = context.setting(UPDATE)
  return changeAwsAuth(context, paths, {
    edit: (data) => (isUpdate ? updateMapping(data, mapping) : addMapping(data, mapping)),
    shown: isUpdate ? `add or update ${shown}` : `add ${shown}`,
    preposition: isUpdate ? 'in' : 'to',
  })
}
