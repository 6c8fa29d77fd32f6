import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../e2e/harness/command.ts'
import { minimalEnvironment } from '../e2e/harness/command.ts'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'

const ACCOUNT = '123456789012'
const SECRET = 'the secret of the documents'

/** Alice of the documents in each partition that they mention, with her access key id and her profile. */
const PEOPLE = [
  { partition: 'aws', keyId: 'AKIAALICEALICEALICEA', profile: 'work', region: 'us-west-2' },
  { partition: 'aws-us-gov', keyId: 'AKIAGOVGOVGOVGOVGOVG', profile: 'govcloud', region: 'us-gov-west-1' },
] as const

function identity(partition: string): Identity {
  return {
    accountId: ACCOUNT,
    arn: `arn:${partition}:iam::${ACCOUNT}:user/alice`,
    userId: 'AIDAALICEALICEALICEAL',
    secretAccessKey: SECRET,
  }
}

/** Starts the AWS account of the documents, in which alice may assume K8s-Admin. */
export async function startExampleAws(t: { teardown(action: () => unknown): void }): Promise<SandboxAws> {
  const aws = await startSandboxAws({
    identities: new Map(PEOPLE.map(({ partition, keyId }) => [keyId, identity(partition)])),
    roles: new Map(
      PEOPLE.map(({ partition }) => [
        `arn:${partition}:iam::${ACCOUNT}:role/K8s-Admin`,
        { roleId: 'AROAADMINADMINADMINAD', trusts: [`arn:${partition}:iam::${ACCOUNT}:user/alice`] },
      ]),
    ),
  })
  t.teardown(() => aws.close())
  return aws
}

/** Writes the profiles of alice to a home folder. */
export function writeProfiles(home: string): void {
  const profiles = PEOPLE.map(
    ({ profile, keyId, region }) =>
      `[profile ${profile}]\naws_access_key_id = ${keyId}\naws_secret_access_key = ${SECRET}\nregion = ${region}\n`,
  )
  mkdirSync(join(home, '.aws'), { recursive: true })
  writeFileSync(join(home, '.aws', 'config'), profiles.join('\n'))
}

/** Returns an environment that has only the settings to reach that AWS. */
export function exampleEnvironment(home: string, aws: SandboxAws): Environment {
  return { ...minimalEnvironment(home), ...aws.environment }
}
