import type { Command, CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
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
  TOKEN_ONLY,
  TOKEN_OPTIONS,
  TOKEN_TYPE,
} from '../command-line/token-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { askMfaCodeAt } from '../terminal/ask-mfa-code.ts'

/** The source of the region, for messages: the flag, or the line of the configuration file that has the same value. */
function regionOrigin(region: string | null, { settings }: CommandContext['configuration']): string {
  const setting = settings.get('region')
  if (setting === undefined || setting.value !== region) return '--region'
  return `${setting.location.source}:${setting.location.line}`
}

/** @throws {UsageError} Options that need or exclude each other. */
function checkCombinations(setting: CommandContext['setting']): void {
  if (setting(FORWARD_SESSION_NAME) && setting(SESSION_NAME) !== null) {
    throw new UsageError('cannot specify both --forward-session-name and --session-name parameter')
  }
  if (setting(SOURCE_IDENTITY) !== null && setting(ROLE) === null) {
    throw new UsageError('--source-identity is for a role to assume: give --role too')
  }
  if (setting(AUDIENCE) !== null && setting(TOKEN_TYPE) !== 'jwt') {
    throw new UsageError('--audience is for a JWT: give --token-type=jwt too')
  }
}

export const token: Command = {
  name: 'token',
  summary: 'Print a token for Kubernetes, signed with AWS credentials',
  description:
    'Signs a token with your AWS credentials, or has AWS sign one, and prints it as an ExecCredential: what kubectl asks its ' +
    'exec plugin for.',
  examples: [
    'aws-iam-authenticator token -i my-cluster',
    'aws-iam-authenticator token -i my-cluster -r arn:aws:iam::123456789012:role/Admin --token-only',
    'aws-iam-authenticator token -i my-cluster --token-type=jwt --cache',
  ],
  options: TOKEN_OPTIONS,
  run: async ({ setting, configuration, environment, stdout, stderr, now }) => {
    const clusterId = setting(CLUSTER_ID)
    if (clusterId === null) throw new UsageError('cluster ID not specified')
    checkCombinations(setting)
    const audience = setting(AUDIENCE) ?? clusterId
    const isJwt = setting(TOKEN_TYPE) === 'jwt'
    const { formatExecCredential } = await import('@aws-iam-authenticator/client/exec-credential')
    const { getToken } = await import('@aws-iam-authenticator/client/token')
    try {
      const signed = await getToken({
        clusterId,
        roleArn: setting(ROLE) ?? undefined,
        externalId: setting(EXTERNAL_ID) ?? undefined,
        sessionName: setting(SESSION_NAME) ?? undefined,
        forwardSessionName: setting(FORWARD_SESSION_NAME),
        sourceIdentity: setting(SOURCE_IDENTITY) ?? undefined,
        jwt: isJwt ? { audience, algorithm: setting(SIGNING_ALGORITHM) } : undefined,
        cache: setting(CACHE),
        region: setting(REGION) ?? undefined,
        regionOrigin: regionOrigin(setting(REGION), configuration),
        environment,
        createHttpClient: async ({ caBundle }) => {
          const { createOneShotClient } = await import('@aws-iam-authenticator/network/connect/one-shot-client')
          return createOneShotClient({ environment, caBundle })
        },
        mfaCodeProvider: askMfaCodeAt(stderr),
        warn: (message) => {
          stderr.line(message)
        },
        now,
      })
      const execInfo = environment['KUBERNETES_EXEC_INFO']
      stdout.line(setting(TOKEN_ONLY) ? signed.token : formatExecCredential({ ...signed, execInfo }))
      return 0
    } catch (error) {
      if (error instanceof UsageError) throw error
      const message = error instanceof Error ? error.message : 'unknown error'
      stderr.line(`could not get token: ${message}`)
      return 1
    }
  },
}
