import { randomBytes } from 'node:crypto'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { presignedUrl, tokenOfUrl } from './presigned.ts'
import type { TestServer } from './server.ts'

/** The account of {@link roleToken} and {@link roleArn}. */
export const ACCOUNT_ID = '111122223333'

export function roleArn(name: string): string {
  return `arn:aws:iam::${ACCOUNT_ID}:role/${name}`
}

/** Adds an identity with this ARN, and signs a token for the cluster k8s.local with its keys. */
export function tokenOf(aws: SandboxAws, arn: string, region = 'us-east-1'): string {
  const [, , , , accountId = '', resource = ''] = arn.split(':')
  const [kind, , session] = resource.split('/')
  const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`
  const secretAccessKey = randomBytes(30).toString('base64')
  const id = randomBytes(8).toString('hex').toUpperCase()
  const userId = kind === 'assumed-role' ? `AROA${id}:${session ?? ''}` : `AIDA${id}`
  aws.sts.identities.set(accessKeyId, { accountId, arn, userId, secretAccessKey })
  const place = { host: `sts.${region}.amazonaws.com`, region, clusterId: 'k8s.local' }
  return tokenOfUrl(presignedUrl({ ...place, accessKeyId, secretAccessKey, date: new Date() }))
}

/** A token of a session of this role. */
export function roleToken(aws: SandboxAws, name: string): string {
  return tokenOf(aws, `arn:aws:sts::${ACCOUNT_ID}:assumed-role/${name}/alice`)
}

/** A value inside parsed JSON; undefined if absent. */
export function valueAt(json: unknown, ...keys: readonly string[]): unknown {
  let value = json
  for (const key of keys) value = new Map<string, unknown>(Object.entries(value ?? {})).get(key)
  return value
}

/** The outcome of a token: the username, `refused`, or the status of an answer that is not a verdict. */
export async function logIn(server: TestServer, token: string): Promise<string> {
  const { status, json } = await server.review(token)
  if (status !== 200) return `status ${status}`
  return valueAt(json, 'status', 'authenticated') === true
    ? String(valueAt(json, 'status', 'user', 'username'))
    : 'refused'
}
