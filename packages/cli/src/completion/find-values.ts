import { escapeLine } from '@aws-iam-authenticator/core/log/control-characters'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { CompletedValue } from '../command-line/option.ts'
import type { Completion, ValueRequest } from './complete.ts'

const MAX_VALUES = 1000
const MAX_LENGTH = 512
const TIMEOUT_MS = 2000

/** Reads the possible values. `kubeconfig` and `context` are those of the typed flags. */
type ReadValues = (from: {
  readonly environment: Environment
  readonly kubeconfig: string | null
  readonly context: string | null
}) => Promise<Iterable<string>>

const READERS: Readonly<Record<CompletedValue, ReadValues>> = {
  profiles: async ({ environment }) => {
    const { loadSharedConfig } = await import('@aws-iam-authenticator/client/aws/shared-config')
    return (await loadSharedConfig(environment)).names
  },
  regions: async () => {
    const { publishedRegions } = await import('@aws-iam-authenticator/core/aws/published-regions')
    return publishedRegions
  },
  contexts: async ({ environment, kubeconfig }) => {
    const { kubeconfigFiles } = await import('@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change')
    const { namesOf, readKubeconfigFiles } =
      await import('@aws-iam-authenticator/kubernetes/kubeconfig/kubeconfig-files')
    return namesOf(await readKubeconfigFiles(kubeconfigFiles(kubeconfig, environment)), 'contexts')
  },
  roles: async ({ environment, kubeconfig, context }) => {
    const { readMappedRoles } = await import('../cluster/read-mapped-roles.ts')
    return readMappedRoles({ environment, kubeconfig, context, timeoutMs: TIMEOUT_MS })
  },
}

function lastOf(flags: ValueRequest['flags'], ...names: readonly string[]): string | null {
  return names.map((name) => flags.get(name)?.at(-1)).find((value) => value !== undefined && value !== '') ?? null
}

/**
 * Finds the values of an option in files or a cluster. Never fails: without values, the shell offers nothing.
 *
 * Values with control characters are left out, because the shell would have to insert them. The scripts quote the others.
 */
export async function findValues(
  { kind, before, typed, flags }: ValueRequest,
  environment: Environment,
): Promise<Completion> {
  const none = { candidates: [], filePrefix: null }
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(resolve, TIMEOUT_MS, [])
  })
  try {
    const kubeconfig = lastOf(flags, 'kubeconfig')
    const context = lastOf(flags, 'kubeconfig-context', 'context')
    const found = await Promise.race([READERS[kind]({ environment, kubeconfig, context }), tooLate])
    const fitting = [...new Set(found)].filter(
      (value) => value !== '' && value.startsWith(typed) && value.length <= MAX_LENGTH && escapeLine(value) === value,
    )
    const values = fitting.toSorted().slice(0, MAX_VALUES)
    return { ...none, candidates: values.map((value) => ({ word: before + value, description: '' })) }
  } catch {
    return none
  } finally {
    clearTimeout(timer)
  }
}
