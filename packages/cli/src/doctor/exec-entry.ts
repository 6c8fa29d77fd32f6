import { basename } from 'node:path'
import type { JwtRequest } from '@aws-iam-authenticator/client/jwt/request-jwt'
import { EMPTY_CONFIGURATION } from '@aws-iam-authenticator/core/configuration/configuration-file'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { parseExecPlugin, type ExecPlugin } from '@aws-iam-authenticator/kubernetes/kubeconfig/exec-credential'
import type { Kubeconfig } from '@aws-iam-authenticator/kubernetes/kubeconfig/kubeconfig'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { checkTokenOptions } from '../command-line/check-token-options.ts'
import { loadConfigurationFile } from '../command-line/configuration-file.ts'
import { CLUSTER_ID, CONFIG, GLOBAL_OPTIONS } from '../command-line/global-options.ts'
import type { Option } from '../command-line/option.ts'
import { parseFlags } from '../command-line/parse-flags.ts'
import { settingOf } from '../command-line/settings.ts'
import {
  AUDIENCE,
  CACHE,
  EXTERNAL_ID,
  FORWARD_SESSION_NAME,
  REGION,
  ROLE,
  SESSION_NAME,
  SIGNING_ALGORITHM,
  SOURCE_IDENTITY,
  TOKEN_OPTIONS,
  TOKEN_TYPE,
} from '../command-line/token-options.ts'

/** The exec entry of a kubeconfig's user: the plugin that kubectl runs, and the token that it asks for. */
export interface ExecEntry {
  readonly plugin: ExecPlugin
  /** The environment of the plugin. */
  readonly environment: Environment
  readonly clusterId: string
  readonly roleArn: string | undefined
  readonly externalId: string | undefined
  readonly sessionName: string | undefined
  readonly forwardSessionName: boolean
  readonly sourceIdentity: string | undefined
  /** The JWT that the entry asks for; undefined for a presigned token. */
  readonly jwt: Pick<JwtRequest, 'audience' | 'algorithm'> | undefined
  readonly cache: boolean
  readonly region: string | undefined
}

/** The names of this command. The second one is its name before 2018. */
const OUR_NAMES: ReadonlySet<string> = new Set(['aws-iam-authenticator', 'heptio-authenticator-aws'])

function fault(message: string): AuthenticatorError {
  return new AuthenticatorError('exec_plugin_failed', message)
}

/** Reads the arguments of `token`, with the same rules as the command. */
async function readOurs(plugin: ExecPlugin, environment: Environment): Promise<ExecEntry> {
  const { args } = plugin
  const at = args.indexOf('token')
  // The arguments may hold an external ID, or secrets of a wrapper, so they are not shown.
  if (at < 0) throw fault(`the args of the exec entry that runs "${plugin.command}" do not begin with token: add it`)
  const { flags } = parseFlags(args.toSpliced(at, 1), [...TOKEN_OPTIONS, ...GLOBAL_OPTIONS])
  const sources = { flags, environment }
  const path = settingOf(CONFIG, { ...sources, file: EMPTY_CONFIGURATION })
  const file = await loadConfigurationFile(path, sources)
  const setting = <T>(option: Option<T>): T => settingOf(option, { ...sources, file })
  checkTokenOptions(setting)
  const clusterId = setting(CLUSTER_ID)
  if (clusterId === null) throw fault('the exec entry gives no cluster ID: add -i and the cluster ID to its args')
  return {
    plugin,
    environment,
    clusterId,
    roleArn: setting(ROLE) ?? undefined,
    externalId: setting(EXTERNAL_ID) ?? undefined,
    sessionName: setting(SESSION_NAME) ?? undefined,
    forwardSessionName: setting(FORWARD_SESSION_NAME),
    sourceIdentity: setting(SOURCE_IDENTITY) ?? undefined,
    jwt:
      setting(TOKEN_TYPE) === 'jwt'
        ? { audience: setting(AUDIENCE) ?? clusterId, algorithm: setting(SIGNING_ALGORITHM) }
        : undefined,
    cache: setting(CACHE),
    region: setting(REGION) ?? undefined,
  }
}

/** The value of a flag of the AWS CLI, whose other flags are not known here. */
function valueOfFlag(args: readonly string[], flag: string): string | undefined {
  const at = args.findLastIndex((arg) => arg === flag || arg.startsWith(`${flag}=`))
  return args[at] === flag ? args[at + 1] : args[at]?.slice(`${flag}=`.length)
}

/** Reads the arguments of `aws eks get-token`, whose tokens have the same form. */
function readEks(plugin: ExecPlugin, environment: Environment): ExecEntry {
  const value = (flag: string): string | undefined => valueOfFlag(plugin.args, flag)
  const clusterId = value('--cluster-name') ?? value('--cluster-id')
  if (clusterId === undefined) throw fault('the exec entry gives no --cluster-name: add it to its args')
  const profile = value('--profile')
  return {
    plugin,
    environment: profile === undefined ? environment : { ...environment, AWS_PROFILE: profile },
    clusterId,
    roleArn: value('--role-arn'),
    externalId: undefined,
    sessionName: undefined,
    forwardSessionName: false,
    sourceIdentity: undefined,
    jwt: undefined,
    cache: false,
    region: value('--region'),
  }
}

/**
 * Reads the exec entry of a kubeconfig's user.
 *
 * @throws {AuthenticatorError} The user has none, or it can't be checked here.
 * @throws {UsageError} A flag of the entry is unknown or its value is not valid.
 */
export async function readExecEntry(kubeconfig: Kubeconfig, surroundings: Environment): Promise<ExecEntry> {
  const { exec, contextName, userName } = kubeconfig
  if (exec === undefined) {
    throw fault(
      `user "${userName}" of context "${contextName}" has no exec entry, so kubectl does not log in with AWS: run ` +
        `"aws-iam-authenticator kubeconfig -i CLUSTER --context ${contextName} --force", which keeps a copy`,
    )
  }
  const plugin = parseExecPlugin(kubeconfig, true)
  const environment = { ...surroundings, ...plugin.environment }
  const name = basename(plugin.command).replace(/\.exe$/i, '')
  if (OUR_NAMES.has(name)) return await readOurs(plugin, environment)
  if (name === 'aws' && plugin.args.includes('get-token')) return readEks(plugin, environment)
  throw fault(
    `the exec entry of user "${userName}" runs "${plugin.command}", which is neither aws-iam-authenticator nor aws eks get-token`,
  )
}
