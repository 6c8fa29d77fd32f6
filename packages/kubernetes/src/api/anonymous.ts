import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { readTrustedCertificates } from '@aws-iam-authenticator/network/connect/trust'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { KubernetesCluster } from './connection.ts'

/**
 * Describes an API server of which only the URL is known. It is trusted by the certificates of the machine, and gets no
 * credentials. Without a scheme the URL means plain HTTP, as in client-go.
 *
 * @throws {ConfigurationError} The URL is not valid.
 * @throws {FileError} A configured file of certificates can't be used.
 */
export async function anonymousCluster(url: string, environment: Environment): Promise<KubernetesCluster> {
  const server = url.includes('://') ? url : `http://${url}`
  const protocol = URL.canParse(server) ? new URL(server).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new ConfigurationError(`"${url}" is not the URL of an API server: write https://HOST:PORT`)
  }
  // AWS_CA_BUNDLE is for AWS only.
  const trusted = await readTrustedCertificates({ environment: { ...environment, AWS_CA_BUNDLE: '' } })
  return { server, tls: { ca: trusted.join('\n') }, authorization: () => Promise.resolve(null) }
}
