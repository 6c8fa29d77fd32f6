import type { Command } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { flag, text } from '../command-line/option.ts'
import { UsageError } from '../command-line/usage-error.ts'

const ROLE = text({
  flag: 'role',
  short: 'r',
  placeholder: 'ARN',
  environment: 'DEFAULT_ROLE',
  keys: ['role', 'defaultRole'],
  description: 'Assume an IAM Role ARN before signing this token',
})
const EXTERNAL_ID = text({
  flag: 'external-id',
  short: 'e',
  keys: ['externalID'],
  description: 'External ID to pass when assuming the IAM Role',
})
const SESSION_NAME = text({
  flag: 'session-name',
  short: 's',
  environment: 'AWS_IAM_AUTHENTICATOR_SESSION_NAME',
  keys: ['sessionName'],
  description:
    'Session name to pass when assuming the IAM Role; without it aws-iam-authenticator- and the time in milliseconds',
})
const FORWARD_SESSION_NAME = flag({
  flag: 'forward-session-name',
  keys: ['forwardSessionName'],
  description:
    'Give the assumed role the session name that the credentials have, such as one from SSO; only with --role',
})
const CACHE = flag({
  flag: 'cache',
  keys: ['cache'],
  description: 'Keep temporary credentials on disk and use them until they expire, those of the assumed role too',
})
const REGION = text({
  flag: 'region',
  keys: ['region'],
  description: "The AWS region whose STS endpoint the token names; by default the environment's",
})
const TOKEN_ONLY = flag({
  flag: 'token-only',
  keys: ['tokenOnly'],
  description: 'Return only the token, without the ExecCredential around it',
})

export const token: Command = {
  name: 'token',
  summary: 'Authenticate using AWS IAM and get token for Kubernetes',
  description:
    'Signs a token with your AWS credentials and prints it as an ExecCredential: what kubectl asks its exec plugin for.',
  examples: [
    'aws-iam-authenticator token -i my-cluster',
    'aws-iam-authenticator token -i my-cluster -r arn:aws:iam::123456789012:role/Admin --token-only',
  ],
  options: [ROLE, EXTERNAL_ID, SESSION_NAME, FORWARD_SESSION_NAME, REGION, CACHE, TOKEN_ONLY],
  run: async ({ setting, environment, stdout, stderr, now }) => {
    const clusterId = setting(CLUSTER_ID)
    if (clusterId === null) throw new UsageError('cluster ID not specified')
    const forwardSessionName = setting(FORWARD_SESSION_NAME)
    if (forwardSessionName && setting(SESSION_NAME) !== null) {
      throw new UsageError('cannot specify both --forward-session-name and --session-name parameter')
    }
    const { formatExecCredential } = await import('@aws-iam-authenticator/client/exec-credential')
    const { getToken } = await import('@aws-iam-authenticator/client/token')
    let askMfaCode: (() => Promise<string | undefined>) | undefined
    try {
      const signed = await getToken({
        clusterId,
        roleArn: setting(ROLE) ?? undefined,
        externalId: setting(EXTERNAL_ID) ?? undefined,
        sessionName: setting(SESSION_NAME) ?? undefined,
        forwardSessionName,
        cache: setting(CACHE),
        region: setting(REGION) ?? undefined,
        environment,
        createHttpClient: async ({ caBundle }) => {
          const { createOneShotClient } = await import('@aws-iam-authenticator/network/connect/one-shot-client')
          return createOneShotClient({ environment, caBundle })
        },
        mfaCodeProvider: async () => {
          const { createMfaPrompt, openTerminal } = await import('../terminal/mfa-prompt.ts')
          askMfaCode ??= createMfaPrompt({ stdin: process.stdin, openTerminal, stderr })
          return await askMfaCode()
        },
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
