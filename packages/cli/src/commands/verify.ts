import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import type { Verified } from '@aws-iam-authenticator/server/login/verify'
import type { Command } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { text } from '../command-line/option.ts'
import { PARTITION } from '../command-line/server-options.ts'
import { textOrJson } from '../command-line/text-or-json.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { lookUpRegion, namedRegion } from '../server/look-up-region.ts'
import type { Writer } from '../terminal/writer.ts'

const TOKEN = text({ flag: 'token', short: 't', keys: ['token'], description: 'Token to verify' })
const OUTPUT = textOrJson({ keys: ['output'] })
const VERIFY_PARTITION = { ...PARTITION, keys: ['partition'] }

/** Prints the identity in the form of Go's %+v or as JSON. Scripts read both. */
function show({ identity, stsHost = '' }: Verified, output: 'text' | 'json', stdout: Writer): void {
  const shown = {
    ARN: identity.arn,
    CanonicalARN: identity.canonicalArn,
    AccountID: identity.accountId,
    UserID: identity.userId,
    SessionName: identity.sessionName,
    AccessKeyID: identity.accessKeyId,
    STSEndpoint: stsHost,
  }
  if (output === 'json') {
    stdout.document(`${JSON.stringify(shown, null, 4)}\n`)
    return
  }
  const line = Object.entries(shown).map(([name, value]) => `${name}:${value}`)
  stdout.line(`&{${line.join(' ')}}`)
}

export const verify: Command = {
  name: 'verify',
  summary: 'Verify a token and print who signed it',
  description: 'Verifies a token as the server would, by asking STS, and prints who signed it.',
  examples: [
    'aws-iam-authenticator verify -i my-cluster -o json -t "$(aws-iam-authenticator token -i my-cluster --token-only)"',
  ],
  options: [TOKEN, OUTPUT, VERIFY_PARTITION],
  errorWord: 'error',
  run: async (context) => {
    const { setting, environment, stdout, stderr, now } = context
    const token = setting(TOKEN)
    if (token === null) throw new UsageError('token not specified')
    const clusterId = setting(CLUSTER_ID)
    if (clusterId === null) throw new UsageError('cluster ID not specified')
    const partition = findPartition(setting(VERIFY_PARTITION))
    if (partition === undefined) throw new TypeError('a partition without a definition')
    const { verifyToken } = await import('../verify/verify-token.ts')
    const verifyIn = (serverRegion: string | null): Promise<Verified | Refusal> =>
      verifyToken(token, { clusterId, partition, serverRegion, stsRegions: null, environment, now })
    try {
      let verified = await verifyIn(namedRegion(context))
      // The region matters only for a host that is rejected without it, so wait for instance metadata only then.
      if (verified instanceof Refusal && verified.reason === 'wrong_host') {
        const region = await lookUpRegion(context).catch(() => null)
        if (region !== null) verified = await verifyIn(region)
      }
      if (!(verified instanceof Refusal)) {
        show(verified, setting(OUTPUT), stdout)
        return 0
      }
      stderr.line(`could not verify token: ${verified.message}`)
      return 1
    } catch (error) {
      if (!(error instanceof AuthenticatorError)) throw error
      stderr.line(`could not verify token: ${error.message}`)
      return 1
    }
  },
}
