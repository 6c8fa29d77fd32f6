import { CredentialsError } from '../errors.ts'
import type { InstanceMetadata } from '../instance-metadata.ts'
import type { Credentials } from './credentials.ts'

const PATH = 'iam/security-credentials/'

function parse(text: string): Credentials | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof document !== 'object' || document === null) return undefined
  const fields = new Map<string, unknown>(Object.entries(document))
  const accessKeyId = fields.get('AccessKeyId')
  const secretAccessKey = fields.get('SecretAccessKey')
  const sessionToken = fields.get('Token')
  const expiration = new Date(String(fields.get('Expiration')))
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') return undefined
  if (typeof sessionToken !== 'string' || Number.isNaN(expiration.getTime())) return undefined
  return { accessKeyId, secretAccessKey, sessionToken, expiration, source: "the EC2 instance's role" }
}

/**
 * The credentials of the role of the EC2 instance this runs on.
 *
 * @throws {Error} There is no metadata service or no role: the chain goes on.
 * @throws {CredentialsError} `instance_failed`: there is a role, but what the service gives is none of its credentials.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export async function instanceCredentials(metadata: InstanceMetadata): Promise<Credentials> {
  const [role = ''] = (await metadata.get(PATH)).split('\n')
  const credentials = parse(await metadata.get(`${PATH}${encodeURIComponent(role.trim())}`))
  if (credentials === undefined) {
    throw new CredentialsError(
      'instance_failed',
      `the instance metadata has no usable credentials for role "${role.trim()}": check the instance profile`,
    )
  }
  return credentials
}
