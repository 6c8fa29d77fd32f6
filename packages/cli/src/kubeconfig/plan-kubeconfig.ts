import type { Environment } from '@aws-iam-authenticator/network/environment'
import { clusterEntry, contextEntry } from '@aws-iam-authenticator/kubernetes/kubeconfig/update/cluster-and-context'
import { kubeconfigFiles } from '@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change'
import { findEntry, readKubeconfigTexts } from '@aws-iam-authenticator/kubernetes/kubeconfig/update/kubeconfig-texts'
import {
  planUpdate,
  type UpdatePlan,
  type WantedEntry,
} from '@aws-iam-authenticator/kubernetes/kubeconfig/update/plan-update'
import type { CommandContext } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { checkProfile, checkRegion, checkRole } from './check-settings.ts'
import { checkServer, readCertificates } from './cluster-address.ts'
import { execUser, type ExecUser } from './exec-user.ts'
import {
  AUDIENCE,
  CACHE,
  CERTIFICATE_AUTHORITY,
  CLUSTER,
  CLUSTER_NAME,
  COMMAND,
  CONTEXT,
  EXTERNAL_ID,
  FORCE,
  FORWARD_SESSION_NAME,
  KUBECONFIG,
  PROFILE,
  REGION,
  ROLE,
  SERVER,
  SESSION_NAME,
  SIGNING_ALGORITHM,
  SOURCE_IDENTITY,
  TOKEN_TYPE,
  USE,
  USER,
} from './options.ts'

type Setting = CommandContext['setting']

/** A planned update of a kubeconfig. */
interface PlannedUpdate extends UpdatePlan {
  readonly user: string
  /** A hint for the user, on one line; undefined if there is none. */
  readonly hint: string | undefined
}

/** @throws {UsageError} Flags that need or exclude each other. */
function checkCombinations(setting: Setting): void {
  const hasContext = setting(CONTEXT) !== null
  const hasServer = setting(SERVER) !== null
  const isCluster = setting(CERTIFICATE_AUTHORITY) !== null || setting(CLUSTER_NAME) !== null
  if (!hasServer && isCluster) {
    throw new UsageError('--certificate-authority and --cluster-name are for a cluster: give its --server too')
  }
  if (hasServer && setting(CLUSTER) !== null) {
    throw new UsageError('--server writes a cluster, --cluster names one that exists: give only one of them')
  }
  if (!hasContext && setting(CLUSTER) !== null) {
    throw new UsageError('--cluster is for a context: give --context')
  }
  if (!hasContext && setting(USE)) throw new UsageError('--use is for a context: give --context')
}

/** The value of a flag without a value, for the arguments: empty to remove it. */
function switchValue(value: boolean | null): string | null {
  return value === null ? null : value ? 'true' : ''
}

/** @throws {UsageError} Flags of `token` that the user has then, and that need or exclude each other. */
function checkArguments({ flagOf }: ExecUser): void {
  if (flagOf(FORWARD_SESSION_NAME) === 'true' && flagOf(SESSION_NAME) !== undefined) {
    throw new UsageError(
      'cannot specify both --forward-session-name and --session-name parameter: remove one that the user has with ' +
        '--session-name= or --forward-session-name=false',
    )
  }
  if (flagOf(AUDIENCE) !== undefined && flagOf(TOKEN_TYPE) === 'presigned') {
    throw new UsageError(
      '--audience is for a JWT: give --token-type=jwt too, or remove the one that the user has with --audience=',
    )
  }
}

function userOf(present: unknown, clusterId: string, setting: Setting): ExecUser {
  const words = [ROLE, EXTERNAL_ID, SESSION_NAME, TOKEN_TYPE, AUDIENCE, SIGNING_ALGORITHM, SOURCE_IDENTITY].map(
    (option) => [option, setting(option)] as const,
  )
  const user = execUser(present, {
    clusterId,
    flags: [
      ...words,
      [FORWARD_SESSION_NAME, switchValue(setting(FORWARD_SESSION_NAME))],
      [REGION, setting(REGION)],
      [CACHE, switchValue(setting(CACHE))],
    ],
    profile: setting(PROFILE),
    command: setting(COMMAND),
  })
  checkArguments(user)
  return user
}

async function clusterOf(
  kubeconfig: Awaited<ReturnType<typeof readKubeconfigTexts>>,
  clusterId: string,
  setting: Setting,
): Promise<WantedEntry | undefined> {
  const server = setting(SERVER)
  if (server === null) return undefined
  checkServer(server)
  const path = setting(CERTIFICATE_AUTHORITY)
  const certificateAuthority = path === null ? undefined : await readCertificates(path)
  return clusterEntry(kubeconfig, setting(CLUSTER_NAME) ?? clusterId, { server, certificateAuthority })
}

async function checkAws(user: ExecUser, setting: Setting, environment: Environment): Promise<string | undefined> {
  const [role, region, profile] = [setting(ROLE), setting(REGION), setting(PROFILE)]
  if (role !== null && role !== '') checkRole(role)
  if (region !== null && region !== '') checkRegion(region)
  if (profile === null || profile === '') return undefined
  const needsMfa = await checkProfile(profile, { ...environment, ...user.environment })
  if (!needsMfa || user.flagOf(CACHE) !== undefined || setting(CACHE) === false) return undefined
  return `profile "${profile}" has mfa_serial, so each kubectl command asks for an MFA code: add --cache to be asked once a session`
}

/**
 * Plans the update that the flags ask for. Writes nothing.
 *
 * @throws {UsageError} Flags that need or exclude each other.
 * @throws {AuthenticatorError} A value is not valid, or an entry would lose something.
 */
export async function planKubeconfig(
  clusterId: string,
  { setting, environment }: Pick<CommandContext, 'setting' | 'environment'>,
): Promise<PlannedUpdate> {
  checkCombinations(setting)
  const kubeconfig = await readKubeconfigTexts(kubeconfigFiles(setting(KUBECONFIG), environment))
  const name = setting(USER) ?? clusterId
  const user = userOf(findEntry(kubeconfig, 'users', name)?.value, clusterId, setting)
  const hint = await checkAws(user, setting, environment)
  const entries: WantedEntry[] = [{ list: 'users', name, value: user.value, loss: user.loss }]
  const cluster = await clusterOf(kubeconfig, clusterId, setting)
  if (cluster !== undefined) entries.push(cluster)
  const context = setting(CONTEXT)
  if (context !== null) {
    const newCluster = cluster?.name
    const named = newCluster ?? setting(CLUSTER) ?? undefined
    entries.push(contextEntry(kubeconfig, context, { user: name, cluster: named, newCluster }))
  }
  const currentContext = setting(USE) ? (context ?? undefined) : undefined
  const plan = planUpdate(kubeconfig, { entries, currentContext, force: setting(FORCE) })
  return { ...plan, user: name, hint }
}
