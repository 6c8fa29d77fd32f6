import { firstSet } from '@aws-iam-authenticator/network/environment'
import type { CommandContext } from '../command-line/command.ts'
import { REGION } from '../command-line/server-options.ts'

type Context = Pick<CommandContext, 'setting' | 'environment'>

/** Returns the region of this server from the configuration or the environment; null if they have none. */
export function namedRegion({ setting, environment }: Context): string | null {
  return setting(REGION) ?? firstSet(environment, 'AWS_REGION', 'AWS_DEFAULT_REGION')?.value ?? null
}

/**
 * Finds the region of this server: from the configuration, the environment or the instance metadata.
 *
 * @throws {Error} No region is named, and there is no metadata service.
 */
export async function lookUpRegion(context: Context): Promise<string> {
  const named = namedRegion(context)
  if (named !== null) return named
  const { createInstanceMetadata } = await import('@aws-iam-authenticator/client/aws/instance-metadata')
  return createInstanceMetadata(context.environment).get('placement/region')
}
