import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './command.ts'

export const ARN: string = 'arn:aws:iam::123456789012'

/** ROLE_ARN as STS returns it. */
export const READER: string = 'arn:aws:iam::111122223333:role/Reader'

export const AWS_AUTH: string = `apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: ${ARN}:role/Admin
      username: admin:{{SessionName}}
      groups: [system:masters]
    - rolearn: ${ARN}:role/team/Dev
      username: dev
      groups: [developers]
    - rolearn: ${ARN}:role/nodes
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:nodes]
  mapUsers: |
    - userarn: ${USER.arn}
      username: "{{AccountID}}-alice"
      groups: [people]
`

const CONFIG = `clusterID: k8s.local
server:
  backendMode: [MountedFile, EKSConfigMap]
  scrubbedAccounts: ["999999999999"]
  mapRoles:
    - {rolearn: "${ARN}:role/first", username: first, groups: [a]}
    - {rolearn: "arn:aws:iam::999999999999:role/secret", username: "hidden", groups: [a]}
  mapUsers:
    - {userarn: "${ARN}:user/reserved", username: "system:x", groups: [a]}
  mapAccounts: ["555555555555"]
  reservedPrefixConfig:
    - {backendMode: MountedFile, usernamePrefixReserveList: ["system:"]}
`

const MAPPINGS = `apiVersion: iamauthenticator.k8s.aws/v1alpha1
kind: IAMIdentityMapping
metadata: {name: ops}
spec:
  arn: ${ARN}:role/Ops
  username: ops
  groups: [ops]
`

const DYNAMIC = `{"mapRoles": [
  {"rolearn": "${ARN}:role/Dyn", "username": "dyn", "groups": ["d"]}
]}`

export type Explain = (args: readonly string[], input?: string, more?: Environment) => Promise<Finished>

/** A folder with mappings of each kind, in which explain runs. */
export function explainIn(t: Test, environment: Environment = {}): Explain {
  const folder = temporaryFolder(t)
  const files = { 'aws-auth.yaml': AWS_AUTH, 'config.yaml': CONFIG, 'mappings.yaml': MAPPINGS, 'dynamic.json': DYNAMIC }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return (args, input = '', more = {}) =>
    runCommand(['explain', ...args], {
      cwd: folder,
      input,
      environment: { ...minimalEnvironment(folder), ...environment, ...more },
    })
}

/** The JSON output. */
export async function json(
  running: Promise<Finished>,
): Promise<{ readonly code: number | null; readonly said: unknown }> {
  const { code, stdout, stderr } = await running
  if (stderr !== '') throw new Error(stderr)
  return { code, said: JSON.parse(stdout) }
}
