import { CredentialsError } from '../aws/credentials-error.ts'
import type { InstanceMetadata } from '../aws/instance-metadata.ts'
import { parseCredentialsDocument } from './credentials-document.ts'
import type { Credentials } from '../aws/credentials.ts'

const PATH = 'iam/security-credentials/'

/**
 * Gets the credentials of the role of this EC2 instance.
 *
 * @throws {Error} There is no metadata service, or no role.
 * @throws {CredentialsError} `instance_failed`: there is a role, but the service returns no usable credentials for it.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export async function instanceCredentials(metadata: InstanceMetadata): Promise<Credentials> {
  const [role = ''] = (await metadata.get(PATH)).split('\n')
  const document = await metadata.get(`${PATH}${encodeURIComponent(role.trim())}`)
  const credentials = parseCredentialsDocument(document, "the EC2 instance's role")
  if (credentials === undefined) {
    throw new CredentialsError(
      'instance_failed',
      `the instance metadata has no usable credentials for role "${role.trim()}": check the instance profile`,
    )
  }
  return credentials
}
