import type { Command, CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import {
  CACHE,
  EXTERNAL_ID,
  FORWARD_SESSION_NAME,
  REGION,
  ROLE,
  SESSION_NAME,
  TOKEN_ONLY,
  TOKEN_OPTIONS,
} from '../command-line/token-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { askMfaCodeAt } from '../terminal/ask-mfa-code.ts'

/** The source of the region, for messages: the flag, or the line of the configuration file that has the same value. */
function regionOrigin(region: string | null, { settings }: CommandContext['configuration']): string {
  const setting = settings.get('region')
  if (setting === undefined || setting.value !== region) return '--region'
  return `${setting.location.source}:${setting.location.line}`
}

export const token: Command = {
  name: 'token',
  summary: 'Print a token for Kubernetes, signed with AWS credentials',
  description:
    'Signs a token with your AWS credentials and prints it as an ExecCredential: what kubectl asks its exec plugin for.',
  examples: [
    'aws-iam-authenticator token -i my-cluster',
    'aws-iam-authenticator token -i my-cluster -r arn:aws:iam::123456789012:role/Admin --token-only',
  ],
  options: TOKEN_OPTIONS,
  run: async ({ setting, configuration, environment, stdout, stderr, now }) => {
    const clusterId = setting(CLUSTER_ID)
    if (clusterId === null) throw new UsageError('cluster ID not specified')
    const forwardSessionName = setting(FORWARD_SESSION_NAME)
    if (forwardSessionName && setting(SESSION_NAME) !== null) {
      throw new UsageError('cannot specify both --forward-session-name and --session-name parameter')
    }
    const { formatExecCredential } = await import('@aws-iam-authenticator/client/exec-credential')
    const { getToken } = await import('@aws-iam-authenticator/client/token')
    try {
      const signed = await getToken({
        clusterId,
        roleArn: setting(ROLE) ?? undefined,
        externalId: setting(EXTERNAL_ID) ?? undefined,
        sessionName: setting(SESSION_NAME) ?? undefined,
        forwardSessionName,
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
