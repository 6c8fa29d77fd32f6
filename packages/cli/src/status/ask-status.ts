import { request } from 'node:https'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, isRecord, messageOf, property } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'

/** The server of this node. */
interface StatusTarget {
  readonly address: string
  readonly port: number
  readonly stateDir: string
}

const TIMEOUT_MS = 5_000
const MAX_BYTES = 4 * 1024 * 1024

function noStatus(message: string, cause?: unknown): AuthenticatorError {
  return new AuthenticatorError('no_status', message, { cause })
}

/** Returns the loopback address of a server that listens on `address`. */
function loopbackOf(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}

async function readCertificate(stateDir: string): Promise<string> {
  const path = join(stateDir, 'cert.pem')
  try {
    return await readRegularFile(path)
  } catch (error) {
    const hint = 'give the --state-dir or --config of the server, and run as a user who may read it (sudo)'
    throw noStatus(`can't read the server's certificate: ${path}: ${messageOf(error)}; ${hint}`, error)
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

function get(host: string, port: number, ca: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host,
        port,
        path: '/status',
        ca,
        // The certificate itself is trusted, whatever its names are.
        checkServerIdentity: () => undefined,
        rejectUnauthorized: true,
        agent: false,
        timeout: TIMEOUT_MS,
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          text += part
          if (text.length > MAX_BYTES) asked.destroy(new Error('the answer has no end'))
        })
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }))
        answer.once('error', reject)
      },
    )
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    asked.once('error', reject)
    asked.end()
  })
}

function explain(error: unknown, where: string): string {
  const code = errorCode(error) ?? ''
  if (code === 'ECONNREFUSED')
    return `no server listens on ${where}: is it running, and is that its --port and --address?`
  if (/CERT|SELF_SIGNED|VERIFY|ISSUER|SIGNATURE/.test(code)) {
    return `what listens on ${where} has another certificate than the one in the state folder: another program, or another --state-dir`
  }
  return `${where} can't be asked: ${messageOf(error)}`
}

/**
 * Gets the status of the server on this node from the server itself.
 *
 * @throws {AuthenticatorError} `no_status`: no server answers with a status; the message says what to do.
 */
export async function askStatus({ address, port, stateDir }: StatusTarget): Promise<Readonly<Record<string, unknown>>> {
  const ca = await readCertificate(stateDir)
  const host = loopbackOf(address)
  const where = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  const { status, text } = await get(host, port, ca).catch((error: unknown) => {
    throw noStatus(explain(error, where), error)
  })
  if (status === 404) {
    throw noStatus(
      `the server on ${where} does not tell: it is another release, or listens on no loopback address (server.address: 127.0.0.1, ::1, 0.0.0.0 or ::)`,
    )
  }
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    found = undefined
  }
  if (status !== 200 || !isRecord(found)) throw noStatus(`the server on ${where} answered ${status} and no status`)
  return found
}

/** Returns true if every check passes. */
export function isWell(found: Readonly<Record<string, unknown>>): boolean {
  const checks = found['checks']
  return Array.isArray(checks) && checks.every((check) => property(check, 'fault') === null)
}
