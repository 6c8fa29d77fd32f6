import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { identities, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { valueAt } from './logins.ts'
import { presignedUrl, tokenOfUrl } from './presigned.ts'
import { metric, type LogLine, type TestServer, type WebhookAnswer } from './server.ts'

export const CLUSTER_ID = 'k8s.local'
export const REGION = 'us-east-1'

/** Maps the example account's user. More keys of `server` can be appended. */
export const USER_CONFIGURATION: string = `
clusterID: ${CLUSTER_ID}
server:
  mapUsers:
    - userARN: ${USER.arn}
      username: alice
`

/** A fake AWS with the example account, until the test ends. */
export async function startAws(t: Test): Promise<SandboxAws> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return aws
}

/** Place, time and cluster of a signature. */
export interface Signing {
  readonly region?: string
  readonly host?: string
  readonly clusterId?: string
  readonly date?: Date
}

/** A token of that identity, by default signed now for the cluster of the tests. */
export function signToken(accessKeyId: string, identity: Identity, signing: Signing = {}): string {
  const { region = REGION, clusterId = CLUSTER_ID, date = new Date() } = signing
  const { host = `sts.${region}.amazonaws.com` } = signing
  const { secretAccessKey, sessionToken } = identity
  const session = sessionToken === undefined ? {} : { sessionToken }
  return tokenOfUrl(presignedUrl({ host, region, clusterId, accessKeyId, secretAccessKey, date, ...session }))
}

/** A token of the example account's user. */
export function userToken(signing?: Signing): string {
  return signToken(USER_KEY_ID, USER, signing)
}

/** Adds an identity with its own keys to the fake AWS. */
export function addIdentity(
  aws: SandboxAws,
  identity: Pick<Identity, 'accountId' | 'arn' | 'userId'>,
): readonly [accessKeyId: string, identity: Identity] {
  const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`
  const known = { ...identity, secretAccessKey: randomBytes(30).toString('base64') }
  aws.sts.identities.set(accessKeyId, known)
  return [accessKeyId, known]
}

/** The user in the answer to the API server; undefined if the answer is not a verdict. */
export function verdict({ status, json }: WebhookAnswer): unknown {
  return status === 200 ? valueAt(json, 'status', 'authenticated') : undefined
}

/** `status.user` of an answer. */
export function userOf({ json }: WebhookAnswer): unknown {
  return valueAt(json, 'status', 'user')
}

/** The refusals in the log, once there are this many: a line may come after its answer. */
export async function refusals(
  server: Pick<TestServer, 'log' | 'waitForLog'>,
  count: number,
): Promise<readonly LogLine[]> {
  const denied = (): readonly LogLine[] => server.log().filter(({ msg }) => msg === 'access denied')
  if (count > 0) await server.waitForLog(() => denied().length >= count)
  return denied()
}

/** Reads a metric at one moment. Its name lacks the common prefix. */
export type Metrics = (name: string, labels?: Readonly<Record<string, string>>) => number | undefined

export async function metricsOf(server: Pick<TestServer, 'request'>): Promise<Metrics> {
  const { text } = await server.request({ path: '/metrics' })
  return (name, labels) => metric(text, `aws_iam_authenticator_${name}`, labels)
}
