import { X509Certificate } from 'node:crypto'
import { pemBlocks } from '@aws-iam-authenticator/core/document/pem-blocks'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'

const MAX_CERTIFICATES_BYTES = 1024 * 1024

function invalid(message: string): AuthenticatorError {
  return new AuthenticatorError('invalid_setting', message)
}

/** @throws {AuthenticatorError} `invalid_setting`: not the URL of an API server. */
export function checkServer(server: string): void {
  const example = 'write one such as https://api.k8s.local'
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url === undefined) throw invalid(`--server "${server}" is not a URL: ${example}`)
  // The URL may hold a password, so it is not quoted from here on.
  if (url.username !== '' || url.password !== '') throw invalid(`--server has a user in its URL: ${example}`)
  if (url.protocol !== 'https:') throw invalid(`--server "${server}" is not https, so tokens could be read: ${example}`)
  if (url.search !== '' || url.hash !== '') throw invalid(`--server "${server}" has a query or fragment: ${example}`)
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

/**
 * Reads the certificates of a PEM file. Anything else in it, such as a private key, is left out.
 *
 * @throws {AuthenticatorError} `invalid_setting`: the file can't be read, or does not consist of certificates.
 */
export async function readCertificates(path: string): Promise<string> {
  let text: string
  try {
    text = await readRegularFile(path, { maxBytes: MAX_CERTIFICATES_BYTES })
  } catch (error) {
    throw invalid(`can't read --certificate-authority ${path}: ${messageOf(error)}`)
  }
  const blocks = pemBlocks(text, ['CERTIFICATE'])
  if (blocks.length === 0) {
    throw invalid(
      `--certificate-authority ${path} has no certificate in PEM: name the file of the cluster, such as ca.crt`,
    )
  }
  const broken = blocks.findIndex((block) => !isCertificate(block))
  if (broken >= 0) {
    throw invalid(`--certificate-authority ${path}: certificate ${broken + 1} can't be read: copy the file again`)
  }
  return `${blocks.join('\n')}\n`.replaceAll('\r\n', '\n')
}
