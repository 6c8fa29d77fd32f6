import { findPartition, Refusal } from '@aws-iam-authenticator/core'
import type { Command } from '../command.ts'
import { CLUSTER_ID } from '../options/global-options.ts'
import { choice, text } from '../options/option.ts'
import { PARTITION } from '../options/server-options.ts'
import { UsageError } from '../options/usage-error.ts'
import { USER_AGENT } from '../version.ts'

const TOKEN = text({ flag: 'token', short: 't', keys: ['token'], description: 'Token to verify' })
const OUTPUT = choice<'' | 'json'>(
  {
    flag: 'output',
    short: 'o',
    keys: ['output'],
    choices: ['json', ''],
    description: 'Output format: json, or one line',
  },
  '',
)
const VERIFY_PARTITION = { ...PARTITION, keys: ['partition'] }

function ignore(): void {
  // One call is no statistic.
}

export const verify: Command = {
  name: 'verify',
  summary: 'Verify a token for debugging purpose',
  description: 'Verifies a token as the server would, by asking STS, and prints who signed it.',
  examples: [
    'aws-iam-authenticator verify -i my-cluster -o json -t "$(aws-iam-authenticator token -i my-cluster --token-only)"',
  ],
  options: [TOKEN, OUTPUT, VERIFY_PARTITION],
  errorWord: 'error',
  run: async ({ setting, environment, stdout, stderr, now }) => {
    const token = setting(TOKEN)
    if (token === null) throw new UsageError('token not specified')
    const clusterId = setting(CLUSTER_ID)
    if (clusterId === null) throw new UsageError('cluster ID not specified')
    const partition = findPartition(setting(VERIFY_PARTITION))
    if (partition === undefined) throw new TypeError('a partition without a definition')
    const [{ createStsClient, createVerifier }, { createDispatcher }] = await Promise.all([
      import('@aws-iam-authenticator/server'),
      import('../network/dispatcher.ts'),
    ])
    const dispatcher = await createDispatcher({ environment })
    const observer = { answered: ignore, throttled: ignore, connectionFailed: ignore }
    const askSts = createStsClient({ dispatcher, clusterId, userAgent: USER_AGENT, observer })
    const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? null
    try {
      const verified = await createVerifier({ askSts, partition, serverRegion: () => region, now })(token)
      if (verified instanceof Refusal) {
        stderr(`could not verify token: ${verified.message}\n`)
        return 1
      }
      const { identity, request } = verified
      const shown = {
        ARN: identity.arn,
        CanonicalARN: identity.canonicalArn,
        AccountID: identity.accountId,
        UserID: identity.userId,
        SessionName: identity.sessionName,
        AccessKeyID: identity.accessKeyId,
        STSEndpoint: request.host,
      }
      const line = Object.entries(shown).map(([name, value]) => `${name}:${value}`)
      stdout(setting(OUTPUT) === 'json' ? `${JSON.stringify(shown, null, 4)}\n` : `&{${line.join(' ')}}\n`)
      return 0
    } finally {
      await dispatcher.destroy()
    }
  },
}
