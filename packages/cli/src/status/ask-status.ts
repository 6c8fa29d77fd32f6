import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, isRecord, messageOf, parseJsonValue } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'

/** The server of this node. */
interface StatusTarget {
  readonly address: string
  readonly port: number
  readonly stateDir: string
}

const TIMEOUT_MS = 5_000
const MAX_BYTES = 4 * 1024 * 1024
/** The version of the format that this command reads. */
const STATUS_VERSION = 1

function noStatus(message: string, cause?: unknown): AuthenticatorError {
  return new AuthenticatorError('no_status', message, { cause })
}

/** Returns the loopback address of a server that listens on `address`. */
function loopbackOf(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}

function certificateAdvice(error: unknown): string {
  switch (errorCode(error) ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
      return (
        'give the --state-dir or --config of the server; if it is that, the server has not started yet, which its log ' +
        'explains, or somebody has removed the file: put it back'
      )
    case 'EACCES':
    case 'EPERM':
      return 'run as a user who may read it (sudo)'
    default:
      return 'put the certificate that the server uses back there'
  }
}

async function readCertificate(path: string): Promise<X509Certificate> {
  try {
    return new X509Certificate(await readRegularFile(path))
  } catch (error) {
    throw noStatus(
      `can't read the server's certificate ${path}: ${messageOf(error)}: ${certificateAdvice(error)}`,
      error,
    )
  }
}

/** Returns the certificate of the server that sends this answer. */
function certificateOf({ socket }: IncomingMessage): X509Certificate | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** Thrown if the server has another certificate than the one in the state folder. */
class OtherCertificate extends Error {}

/**
 * Sends the request, and reads the answer only if the server has exactly the expected certificate. Nothing else about the certificate
 * is checked: an expired one must not hide the status that reports it.
 */
function get(host: string, port: number, expected: X509Certificate): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host, port, path: '/status', rejectUnauthorized: false, agent: false, timeout: TIMEOUT_MS },
      (answer) => {
        if (certificateOf(answer)?.fingerprint256 !== expected.fingerprint256) {
          asked.destroy()
          reject(new OtherCertificate())
          return
        }
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

function explain(error: unknown, where: string, path: string): string {
  if (errorCode(error) === 'ECONNREFUSED')
    return `no server listens on ${where}: is it running, and is that its --port and --address?`
  if (error instanceof OtherCertificate) {
    const causes = `either the server has not loaded ${path} (its log says why), or this is another server or --state-dir`
    return `what listens on ${where} has another certificate than ${path}: ${causes}`
  }
  return `${where} can't be asked: ${messageOf(error)}`
}

/**
 * Gets the status of the server on this node from the server itself.
 *
 * @throws {AuthenticatorError} `no_status`: no server answers with a status; the message says what to do.
 */
export async function askStatus({ address, port, stateDir }: StatusTarget): Promise<Readonly<Record<string, unknown>>> {
  const path = join(stateDir, 'cert.pem')
  const expected = await readCertificate(path)
  const host = loopbackOf(address)
  const where = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  const { status, text } = await get(host, port, expected).catch((error: unknown) => {
    throw noStatus(explain(error, where, path), error)
  })
  if (status === 404) {
    throw noStatus(
      `the server on ${where} does not tell: it is another release, or listens on no loopback address (server.address: 127.0.0.1, ::1, 0.0.0.0 or ::)`,
    )
  }
  const found = parseJsonValue(text)
  if (status !== 200 || !isRecord(found)) throw noStatus(`the server on ${where} answered ${status} and no status`)
  if (found['statusVersion'] !== STATUS_VERSION) {
    const hint = 'it is still starting, or another release: run the command of its release'
    throw noStatus(`the server on ${where} answered without a status of version ${STATUS_VERSION}: ${hint}`)
  }
  return found
}
