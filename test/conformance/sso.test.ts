import t from 'tap'
import { logIn } from '../e2e/harness/logins.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { addIdentity, signToken, startAws } from '../e2e/harness/webhook.ts'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { ssoEntries, ssoPartitions, ssoRows } from './sso.ts'

const CONFIGURATION = `clusterID: k8s.local\nserver:\n  mapRoles:\n${ssoEntries.map((entry) => `    - ${entry}\n`).join('')}`

/** A region of each partition and its STS host. */
const PLACES: Readonly<Record<string, readonly [region: string, host: string]>> = {
  aws: ['us-east-1', 'sts.us-east-1.amazonaws.com'],
  'aws-cn': ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
  'aws-us-gov': ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
  'aws-iso': ['us-iso-east-1', 'sts.us-iso-east-1.c2s.ic.gov'],
  'aws-iso-b': ['us-isob-east-1', 'sts.us-isob-east-1.sc2s.sgov.gov'],
  'aws-iso-e': ['eu-isoe-west-1', 'sts.eu-isoe-west-1.cloud.adc-e.uk'],
  'aws-iso-f': ['us-isof-south-1', 'sts.us-isof-south-1.csp.hci.ic.gov'],
  'aws-eusc': ['eusc-de-east-1', 'sts.eusc-de-east-1.amazonaws.eu'],
}

function tokenOf(aws: SandboxAws, arn: string): string {
  const [, partition = '', , , accountId = '', resource = ''] = arn.split(':')
  const [region = '', host = ''] = PLACES[partition] ?? []
  const userId = resource.startsWith('assumed-role/') ? 'AROASSOSSOSSOSSO:sam' : 'AIDASSOSSOSSOSSO'
  const [accessKeyId, identity] = addIdentity(aws, { accountId, arn, userId })
  return signToken(accessKeyId, identity, { region, host })
}

for (const partition of ssoPartitions) {
  const rows = ssoRows.filter(({ arn }) => arn.startsWith(`arn:${partition}:`))
  t.test(`an sso entry matches only the roles of its permission set: ${partition}`, async (t) => {
    const aws = await startAws(t)
    const args = ['--feature-gates=SSORoleMatch=true', `--partition=${partition}`]
    const server = await startTestServer(t, { aws, configuration: CONFIGURATION, args })
    for (const { name, arn, username } of rows) {
      t.equal(await logIn(server, tokenOf(aws, arn)), username ?? 'refused', name)
    }
  })
}
