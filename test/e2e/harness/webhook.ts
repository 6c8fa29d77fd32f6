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

/** Lets the example account's user in; more keys of `server` can be added at its end. */
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

/** Where and when a token is signed, and for which cluster. */
export interface Signing {
  readonly region?: string
  readonly host?: string
  readonly clusterId?: string
  readonly date?: Date
}

/** A token signed by that identity: now, and for the cluster of the tests, unless told. */
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

/** Lets an identity exist in the fake AWS, with keys of its own. */
export function addIdentity(
  aws: SandboxAws,
  identity: Pick<Identity, 'accountId' | 'arn' | 'userId'>,
): readonly [accessKeyId: string, identity: Identity] {
  const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`
  const known = { ...identity, secretAccessKey: randomBytes(30).toString('base64') }
  aws.sts.identities.set(accessKeyId, known)
  return [accessKeyId, known]
}

/** What the API server was told of the token; undefined where the answer is no verdict. */
export function verdict({ status, json }: WebhookAnswer): unknown {
  return status === 200 ? valueAt(json, 'status', 'authenticated') : undefined
}

/** `status.user` of an answer. */
export function userOf({ json }: WebhookAnswer): unknown {
  return valueAt(json, 'status', 'user')
}

/** The refusals in the log, once there are so many: a line may come after the answer that it is about. */
export async function refusals(
  server: Pick<TestServer, 'log' | 'waitForLog'>,
  count: number,
): Promise<readonly LogLine[]> {
  const denied = (): readonly LogLine[] => server.log().filter(({ msg }) => msg === 'access denied')
  if (count > 0) await server.waitForLog(() => denied().length >= count)
  return denied()
}

/** Reads a metric as it was at one moment; its name is without the prefix that all have. */
export type Metrics = (name: string, labels?: Readonly<Record<string, string>>) => number | undefined

export async function metricsOf(server: Pick<TestServer, 'request'>): Promise<Metrics> {
  const { text } = await server.request({ path: '/metrics' })
  return (name, labels) => metric(text, `aws_iam_authenticator_${name}`, labels)
}
