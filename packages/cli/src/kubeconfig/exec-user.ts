import { basename } from 'node:path'
import type { Writable } from '@aws-iam-authenticator/core/edit/render'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { fieldsOf, toWritable } from '@aws-iam-authenticator/kubernetes/kubeconfig/update/writable'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import type { Option } from '../command-line/option.ts'
import {
  clusterIdOf,
  formatArguments,
  parseTokenArguments,
  setArgument,
  valueOf,
  type TokenArguments,
} from './token-arguments.ts'

/** The wanted content of a user. */
interface ExecUserOptions {
  readonly clusterId: string
  /** Flags of `token` and their values; null to leave what the user has, empty to remove it. */
  readonly flags: readonly (readonly [option: Option<unknown>, value: string | null])[]
  /** AWS_PROFILE; null to leave what the user has, empty to remove it. */
  readonly profile: string | null
  /** The program; null to leave what the user has. */
  readonly command: string | null
}

/** A kubeconfig user that logs in with `token`. */
export interface ExecUser {
  readonly value: Writable
  /** What the user has now and would lose, as the end of a sentence; empty if nothing. */
  readonly loss: string
  /** Returns the value of a flag of `token` that the user has then. */
  readonly flagOf: (option: Option<unknown>) => string | undefined
  /** The variables that `token` gets then, besides those of kubectl. */
  readonly environment: Readonly<Record<string, string>>
}

const COMMAND = 'aws-iam-authenticator'

/** The names of this command. The second one is its name before 2018. */
const OUR_NAMES: ReadonlySet<string> = new Set([COMMAND, 'heptio-authenticator-aws'])

/** kubectl 1.11 and newer accept this version, also those that no longer accept `v1alpha1`. */
const API_VERSION = 'client.authentication.k8s.io/v1beta1'
const API_VERSIONS: ReadonlySet<string> = new Set([API_VERSION, 'client.authentication.k8s.io/v1'])

const INSTALL_HINT =
  'kubectl logs in to this cluster with an AWS identity, for which it needs aws-iam-authenticator on its PATH.'

/** The other ways to log in that a kubeconfig user can have. */
const CREDENTIALS = [
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'token',
  'tokenFile',
  'username',
  'password',
  'auth-provider',
]

/** The exec entry of a user, if it runs `token`. */
interface PresentExec {
  readonly fields: Readonly<Record<string, Writable>>
  readonly args: TokenArguments
}

const NO_ARGUMENTS: TokenArguments = { before: ['token'], segments: [] }

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The program of an exec entry, to name it in a message. */
function programOf(exec: unknown): string {
  return textAt(exec, 'command') ?? ''
}

/** Reads an exec entry that runs `token`, directly or by a wrapper for the same cluster; undefined if it is another one. */
function readExec(exec: unknown, clusterId: string): PresentExec | undefined {
  const words = listOf(property(exec, 'args')).flatMap((word) => (typeof word === 'string' ? [word] : []))
  const isOurs = OUR_NAMES.has(basename(programOf(exec)).replace(/\.exe$/i, ''))
  const args = parseTokenArguments(words) ?? (isOurs && words.length === 0 ? NO_ARGUMENTS : undefined)
  if (args === undefined || (!isOurs && clusterIdOf(args) !== clusterId)) return undefined
  return { fields: fieldsOf(exec), args }
}

function hasValue(user: unknown, name: string): boolean {
  const value = property(user, name)
  return value !== undefined && value !== null && value !== ''
}

/** The other credentials that a user holds, by name. */
function otherCredentials(user: unknown, exec: PresentExec | undefined, clusterId: string): readonly string[] {
  const names = CREDENTIALS.filter((name) => hasValue(user, name))
  if (!hasValue(user, 'exec')) return names
  const present = property(user, 'exec')
  if (exec === undefined) return [...names, `exec of "${programOf(present)}"`]
  const other = clusterIdOf(exec.args) ?? clusterId
  return other === clusterId ? names : [...names, `exec for the cluster ID "${other}"`]
}

/** The variables of the plugin with that profile. */
function variables(present: unknown, profile: string | null): readonly Writable[] {
  const all = listOf(present)
  const index = all.findIndex((variable) => textAt(variable, 'name') === 'AWS_PROFILE')
  if (profile === null || textAt(all[index], 'value') === profile) return all.map(toWritable)
  const added = profile === '' ? [] : [{ name: 'AWS_PROFILE', value: profile }]
  return all.toSpliced(index < 0 ? all.length : index, 1, ...added).map(toWritable)
}

/** The fields of the exec entry. Those that the user has stay in their place. */
function execFields(present: PresentExec | undefined, args: TokenArguments, options: ExecUserOptions): Writable {
  const fields = present?.fields ?? {}
  const version = textAt(fields, 'apiVersion') ?? ''
  const env = variables(fields['env'], options.profile)
  const hint = textAt(fields, 'installHint') ?? ''
  const exec = {
    ...fields,
    apiVersion: API_VERSIONS.has(version) ? version : API_VERSION,
    command: options.command ?? textAt(fields, 'command') ?? COMMAND,
    args: formatArguments(args),
    env,
    installHint: hint === '' ? INSTALL_HINT : hint,
    interactiveMode: textAt(fields, 'interactiveMode') ?? 'IfAvailable',
    provideClusterInfo: fields['provideClusterInfo'] ?? false,
  }
  if (env.length > 0) return exec
  const none = listOf(fields['env']).length > 0 ? undefined : fields['env']
  const others = Object.entries(exec).filter(([name]) => name !== 'env')
  return none === undefined ? Object.fromEntries(others) : { ...exec, env: none }
}

/**
 * The user with which kubectl logs in by `token`. What the user has already stays: arguments, variables, the program, fields
 * besides `exec`. A user with other credentials is replaced as a whole.
 *
 * @see {@link https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins | client-go credential plugins}
 */
export function execUser(user: unknown, options: ExecUserOptions): ExecUser {
  const { clusterId } = options
  const present = readExec(property(user, 'exec'), clusterId)
  const credentials = otherCredentials(user, present, clusterId)
  const kept = credentials.length > 0 ? undefined : present
  let args = setArgument(kept?.args ?? NO_ARGUMENTS, CLUSTER_ID, clusterId)
  for (const [option, value] of options.flags) if (value !== null) args = setArgument(args, option, value)
  const exec = execFields(kept, args, options)
  const environment = listOf(property(exec, 'env')).map((variable): [string, string] => [
    textAt(variable, 'name') ?? '',
    textAt(variable, 'value') ?? '',
  ])
  return {
    value: { ...(credentials.length > 0 ? {} : fieldsOf(user)), exec },
    loss: credentials.length > 0 ? `holds ${credentials.join(', ')}` : '',
    flagOf: ({ flag }) => valueOf(args, flag),
    environment: Object.fromEntries(environment),
  }
}
