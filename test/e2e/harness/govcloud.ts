import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import type { Role } from '@aws-iam-authenticator/sandbox/aws/account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { COMMAND } from './command.ts'

const ACCOUNT_ID = '210987654321'
const KEY_ID = 'AKIAGOVGOVGOVGOVGOV1'

/** The only user of the account, who may assume all its roles. */
const DEVELOPER = {
  accountId: ACCOUNT_ID,
  arn: `arn:aws-us-gov:iam::${ACCOUNT_ID}:user/dev`,
  userId: 'AIDADEVDEVDEVDEVDEVDE',
  secretAccessKey: randomBytes(30).toString('base64'),
}

/** The ARN of a role of the GovCloud account. */
export function govRoleArn(name: string): string {
  return `arn:aws-us-gov:iam::${ACCOUNT_ID}:role/${name}`
}

function role(name: string): [arn: string, role: Role] {
  return [govRoleArn(name), { roleId: `AROA${name.toUpperCase().replace('-', '')}`, trusts: [DEVELOPER.arn] }]
}

/** A fake AWS with one account in GovCloud: the roles K8s-Admin and Intern. */
export async function startGovCloud(
  t: { teardown(action: () => unknown): void },
  now: () => Date = () => new Date(),
): Promise<SandboxAws> {
  const aws = await startSandboxAws({
    now,
    identities: new Map([[KEY_ID, DEVELOPER]]),
    roles: new Map(['K8s-Admin', 'Intern'].map(role)),
  })
  t.teardown(() => aws.close())
  return aws
}

/** Writes the developer's credentials as profile `govcloud` into a home. */
export function writeGovCloudProfile(home: string): void {
  mkdirSync(join(home, '.aws'))
  const keys = `aws_access_key_id = ${KEY_ID}\naws_secret_access_key = ${DEVELOPER.secretAccessKey}\n`
  writeFileSync(join(home, '.aws/credentials'), `[govcloud]\n${keys}`, { mode: 0o600 })
}

/** The path of one file that runs the built command, for `command` of a kubeconfig. */
export function commandFile(folder: string): string {
  const [program, ...args] = COMMAND
  if (args.length === 0) return program
  const path = join(folder, 'aws-iam-authenticator')
  writeFileSync(path, `#!/bin/sh\nexec ${[program, ...args].map((part) => `'${part}'`).join(' ')} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}
