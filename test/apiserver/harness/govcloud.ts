import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandFile } from '../../e2e/harness/govcloud.ts'
import { minimalEnvironment, temporaryFolder } from '../../e2e/harness/command.ts'
import { tokenOf } from '../../e2e/harness/logins.ts'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import type { ApiServer } from './api-server.ts'

/** The example account and partition of the manifests in deploy/. */
export const ACCOUNT_ID = '123456789012'
export const REGION = 'us-gov-west-1'
const KEY_ID = 'AKIAGOVGOVGOVGOVGOV1'

const DEVELOPER = {
  accountId: ACCOUNT_ID,
  arn: `arn:aws-us-gov:iam::${ACCOUNT_ID}:user/dev`,
  userId: 'AIDADEVDEVDEVDEVDEVDE',
  secretAccessKey: randomBytes(30).toString('base64'),
}

export function roleArn(name: string): string {
  return `arn:aws-us-gov:iam::${ACCOUNT_ID}:role/${name}`
}

/** A fake AWS with a GovCloud account: a developer, who may assume these roles. */
export async function startGovCloud(
  t: { teardown(action: () => unknown): void },
  roles: readonly string[],
): Promise<SandboxAws> {
  const aws = await startSandboxAws({
    identities: new Map([[KEY_ID, DEVELOPER]]),
    roles: new Map(
      roles.map((name) => {
        const roleId = `AROA${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')}`
        return [roleArn(name), { roleId, trusts: [DEVELOPER.arn] }]
      }),
    ),
  })
  t.teardown(() => aws.close())
  return aws
}

/** A token of a new session of this role. No two calls return the same. */
export function roleToken(aws: SandboxAws, role: string, session = 'alice'): string {
  return tokenOf(aws, `arn:aws-us-gov:sts::${ACCOUNT_ID}:assumed-role/${role}/${session}`, REGION)
}

/** Writes the developer's keys, as the profile `govcloud`, into a home folder. */
export function writeProfile(home: string): void {
  mkdirSync(join(home, '.aws'))
  const keys = `aws_access_key_id = ${KEY_ID}\naws_secret_access_key = ${DEVELOPER.secretAccessKey}\n`
  writeFileSync(join(home, '.aws/credentials'), `[govcloud]\n${keys}`, { mode: 0o600 })
}

/** A person with kubectl, whose kubeconfig uses our exec plugin. */
export interface Person {
  kubectl(...args: readonly string[]): Promise<RunResult>
}

/** A person who assumes this role, with this session name. */
export async function startPerson(
  t: { teardown(action: () => void): void },
  options: { readonly aws: SandboxAws; readonly api: ApiServer; readonly role: string; readonly session?: string },
): Promise<Person> {
  const { aws, api, role, session } = options
  const home = temporaryFolder(t)
  writeProfile(home)
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: commandFile(home),
    args: ['token', '-i', 'k8s.local', '-r', roleArn(role), ...(session === undefined ? [] : ['-s', session])],
    env: [
      { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      { name: 'AWS_DEFAULT_REGION', value: REGION },
      { name: 'AWS_PROFILE', value: 'govcloud' },
    ],
  }
  const kubeconfig = await api.writeKubeconfig(home, { exec })
  const environment = { ...minimalEnvironment(home), ...aws.environment }
  return { kubectl: (...args) => api.kubectl(args, { kubeconfig, environment }) }
}
