import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { Ec2Instance } from '@aws-iam-authenticator/sandbox/aws/ec2'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { Environment } from './command.ts'
import { ACCOUNT_ID, tokenOf } from './logins.ts'
import { startTestServer, type TestServer } from './server.ts'
import { REGION } from './webhook.ts'

/** The host of EC2 in the region of the tests. */
export const EC2_HOST = `ec2.${REGION}.amazonaws.com`

/** Maps the role of nodes to node users. More keys of `server` can be appended. */
export const NODE_CONFIGURATION: string = `
clusterID: k8s.local
server:
  mapRoles:
    - roleARN: arn:aws:iam::${ACCOUNT_ID}:role/Nodes
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:nodes]
`

/** The server's own credentials: those of the example account's user. */
export const SERVER_KEYS: Environment = {
  AWS_ACCESS_KEY_ID: USER_KEY_ID,
  AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
}

/** A server with a mapping for nodes. */
export function startNodeServer(
  t: Test,
  aws: SandboxAws,
  options: { readonly more?: string; readonly args?: readonly string[]; readonly environment?: Environment } = {},
): Promise<TestServer> {
  const { more = '', args = [], environment = {} } = options
  return startTestServer(t, {
    aws,
    configuration: NODE_CONFIGURATION + more,
    args,
    environment: { ...SERVER_KEYS, ...environment },
  })
}

/** An instance and the token of its role's session. */
export interface Node {
  readonly id: string
  readonly username: string
  readonly token: string
}

/** The token of a session of the nodes' role with this session name. */
export function nodeToken(aws: SandboxAws, sessionName: string): string {
  return tokenOf(aws, `arn:aws:sts::${ACCOUNT_ID}:assumed-role/Nodes/${sessionName}`)
}

/** Launches an instance in the fake EC2. */
export function launch(aws: SandboxAws, unlike: Partial<Ec2Instance> = {}): Node {
  const id = `i-0${randomBytes(8).toString('hex')}`
  const privateDnsName = `${id}.${REGION}.compute.internal`
  aws.ec2.instances.set(id, { accountId: ACCOUNT_ID, region: REGION, privateDnsName, state: 'running', ...unlike })
  return { id, username: `system:node:${privateDnsName}`, token: nodeToken(aws, id) }
}
