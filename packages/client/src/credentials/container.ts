import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import { firstSet, type Environment } from '@aws-iam-authenticator/network/environment'
import { withTimeLimit } from '@aws-iam-authenticator/network/time-limit'
import { CredentialsError } from '../aws/credentials-error.ts'
import { exchange, loadHttp, MAX_HEADER_BYTES } from '@aws-iam-authenticator/network/connect/http-exchange'
import type { CredentialContext } from '../aws/context.ts'
import { parseCredentialsDocument } from './credentials-document.ts'
import type { Credentials } from '../aws/credentials.ts'

const SOURCE = "the container's credentials endpoint"

/** The endpoint in ECS, which a relative URI is resolved against. */
const ECS = 'http://169.254.170.2'

/** Hosts that are allowed without TLS: the loopback, ECS and EKS Pod Identity. */
const PLAIN_HOSTS: ReadonlySet<string> = new Set([
  'localhost',
  '[::1]',
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::23]',
])
const LOOPBACK = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/

/** The number of attempts. The endpoint may start after the container. */
const ATTEMPTS = 2

/** Time limit for one request, in milliseconds. */
const TIMEOUT_MS = 1000

/** Pause before the next attempt, in milliseconds. */
const PAUSE_MS = 1000

/** Maximum size of an answer, in bytes. */
const MAX_DOCUMENT_BYTES = 64 * 1024

const ADVICE =
  'check the role of the task or the association of the pod, and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI'

function failure(reason: string): CredentialsError {
  return new CredentialsError('container_failed', `${SOURCE} gave none: ${reason}`)
}

function locate(environment: Environment): URL {
  const relative = firstSet(environment, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')
  const full = firstSet(environment, 'AWS_CONTAINER_CREDENTIALS_FULL_URI')
  const text = relative === undefined ? (full?.value ?? '') : `${ECS}${relative.value}`
  const url = URL.parse(text)
  const isPlain = url?.protocol === 'http:' && (PLAIN_HOSTS.has(url.hostname) || LOOPBACK.test(url.hostname))
  if (url !== null && (isPlain || url.protocol === 'https:')) return url
  throw failure(
    `its URI ${url === null ? 'is not valid' : `leads to "${url.origin}"`}: use an https URL, or one of the loopback, of ECS ` +
      '(169.254.170.2) or of EKS (169.254.170.23, [fd00:ec2::23])',
  )
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readRegularFile(path)
  } catch (error) {
    throw failure(`AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ${messageOf(error)}`)
  }
}

async function authorization(environment: Environment): Promise<Record<string, string>> {
  const file = firstSet(environment, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')?.value
  const given = firstSet(environment, 'AWS_CONTAINER_AUTHORIZATION_TOKEN')?.value
  const token = file === undefined ? given : await readTokenFile(file)
  return token === undefined ? {} : { authorization: token }
}

async function ask(url: URL, headers: Record<string, string>): Promise<string> {
  const { request } = url.protocol === 'https:' ? process.getBuiltinModule('node:https') : loadHttp()
  const options = { headers, agent: false, maxHeaderSize: MAX_HEADER_BYTES, rejectUnauthorized: true }
  const { statusCode, body } = await withTimeLimit(
    TIMEOUT_MS,
    new Error(`no answer within ${TIMEOUT_MS / 1000} s`),
    (signal) => exchange(request(url, options), { maxBodyBytes: MAX_DOCUMENT_BYTES, signal }),
  )
  if (statusCode !== 200) throw new Error(`it answered ${statusCode}`)
  return body.toString()
}

/**
 * Gets the credentials that ECS or EKS Pod Identity provides to a container. The endpoint is next to the container, so no
 * proxy is used.
 *
 * Doesn't use the SDK, which limits neither the size nor the time of an answer.
 *
 * @throws {CredentialsError} `container_failed`
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function containerCredentials({ environment }: CredentialContext): Promise<Credentials> {
  const url = locate(environment)
  const headers = await authorization(environment)
  for (let attempt = 1; ; attempt += 1) {
    try {
      const credentials = parseCredentialsDocument(await ask(url, headers), SOURCE)
      if (credentials !== undefined) return credentials
      throw new Error('its answer is not a document of credentials')
    } catch (error) {
      if (attempt === ATTEMPTS) throw failure(`${messageOf(error)}: ${ADVICE}`)
    }
    await sleep(PAUSE_MS)
  }
}
