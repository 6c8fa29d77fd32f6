import { setTimeout as sleep } from 'node:timers/promises'
import { SignatureV4 } from '@aws-sdk/signature-v4'
import { isClockOff } from '../aws/clock.ts'
import type { CredentialContext } from '../aws/context.ts'
import type { Credentials } from '../aws/credentials.ts'
import { percentEncode } from '../aws/percent-encode.ts'
import { Sha256 } from '../aws/sha256.ts'
import { stsTarget } from './endpoint-url.ts'
import { readAnswer, type AnswerTexts } from './read-answer.ts'
import { NoStsAnswer, StsRefusal } from './refusal.ts'
import { maxAttempts, retryDelay } from './retry.ts'

const VERSION = '2011-06-15'

/** The clock difference in milliseconds from which AWS rejects signatures. Below it a new signature does not help. */
const SKEW_MS = 4 * 60_000

/** A call to STS. */
interface StsCall {
  readonly context: Pick<CredentialContext, 'environment' | 'settings' | 'http'>
  /** The credentials to sign with. */
  readonly credentials: Credentials
  readonly action: string
  readonly parameters: Readonly<Record<string, string>>
  /** Additional headers, which are signed too. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

function refusalOf(statusCode: number, texts: AnswerTexts | undefined): Error {
  const code = texts?.get('ErrorResponse/Error/Code')
  if (code === undefined || code === '') return new NoStsAnswer(statusCode)
  return new StsRefusal(statusCode, code, texts?.get('ErrorResponse/Error/Message') ?? code)
}

async function callOnce(call: StsCall, signingDate: Date): Promise<AnswerTexts> {
  const { context, credentials, action, parameters, headers } = call
  const { url, signingRegion } = stsTarget(context.environment, context.settings)
  const signer = new SignatureV4({ service: 'sts', region: signingRegion, credentials, sha256: Sha256 })
  const fields = Object.entries({ Action: action, Version: VERSION, ...parameters })
  const request = {
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    path: url.pathname,
    headers: {
      host: url.host,
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'aws-iam-authenticator',
      ...headers,
    },
    body: fields.map(([name, value]) => `${name}=${percentEncode(value)}`).join('&'),
  }
  const { headers: signed } = await signer.sign(request, { signingDate })
  const { statusCode, body } = await context.http.ask({ ...request, headers: signed })
  const texts = readAnswer(Buffer.from(body).toString())
  if (statusCode !== 200) throw refusalOf(statusCode, texts)
  const result = `${action}Response/${action}Result/`
  const own = [...(texts ?? [])].filter(([path]) => path.startsWith(result))
  if (own.length === 0) throw new NoStsAnswer(statusCode)
  return new Map(own.map(([path, text]) => [path.slice(result.length), text]))
}

/**
 * Calls STS. Retries after transient failures, and with AWS's time if AWS rejected this machine's.
 *
 * Doesn't use the SDK, which takes longer to load than everything else that a token for a role needs.
 *
 * @returns The texts of the result by element path, with slashes between the names.
 * @throws {StsRefusal} AWS rejects the call.
 * @throws {NoStsAnswer} The answer is not from STS.
 * @throws {CredentialsError} There is no answer, or a setting is invalid.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html
 */
export async function callSts(call: StsCall): Promise<AnswerTexts> {
  const { environment, settings, http } = call.context
  const attempts = maxAttempts(environment, settings.sharedConfig)
  for (let attempt = 1; ; attempt += 1) {
    const offset = isClockOff(http.clockOffset) ? http.clockOffset : 0
    try {
      return await callOnce(call, new Date(Date.now() + offset))
    } catch (error) {
      const isOfTime = error instanceof StsRefusal && Math.abs(http.clockOffset - offset) >= SKEW_MS
      const delay = isOfTime ? 0 : retryDelay(error, attempt)
      if (delay === undefined || attempt >= attempts) throw error
      await sleep(delay)
    }
  }
}
