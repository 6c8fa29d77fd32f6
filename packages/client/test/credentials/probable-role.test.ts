import { InProcessDispatcher } from '@aws-iam-authenticator/sandbox/aws/dispatcher'
import { identities, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { createSandboxAws, type InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { test } from 'tap'
import type { CredentialContext } from '../../src/aws/context.ts'
import { createHttpHandler } from '../../src/aws/http-handler.ts'
import { createInstanceMetadata } from '../../src/aws/instance-metadata.ts'
import { resolveSettings } from '../../src/aws/settings.ts'
import { notARoleArn } from '../../src/credentials/probable-role.ts'
import { personWith } from '../person.ts'

const KEYS = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey }
const ACCOUNT = USER.accountId

type Person = Parameters<typeof personWith>[1]

async function contextOf(
  t: Parameters<typeof personWith>[0],
  aws: InProcessAws,
  person: Person,
  region = 'us-west-2',
): Promise<CredentialContext> {
  const environment = await personWith(t, person)
  const instanceMetadata = createInstanceMetadata(environment)
  const settings = await resolveSettings({ environment, region, instanceMetadata })
  const http = createHttpHandler(() =>
    Promise.resolve(Object.assign(new InProcessDispatcher(aws.handle), { destroy: () => Promise.resolve() })),
  )
  return { environment, settings, http, instanceMetadata }
}

void test('an ARN that names its account needs no call', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const context = await contextOf(t, aws, { environment: KEYS })
  const rows: readonly (readonly [role: string, says: string])[] = [
    [
      'arn:aws-us-gov:sts::111122223333:assumed-role/Admin/alice',
      'is the ARN of a session, not of a role: write arn:aws-us-gov:iam::111122223333:role/Admin',
    ],
    ['111122223333:role/team/Admin', 'is not an ARN: write arn:aws:iam::111122223333:role/team/Admin'],
    ['111122223333:Admin', 'is not an ARN: write arn:aws:iam::111122223333:role/Admin'],
  ]
  for (const [role, says] of rows) {
    const error = await notARoleArn(context, role)
    t.match(error, { code: 'invalid_settings', message: `role "${role}" ${says}` })
  }
  t.same(aws.sts.requests, [])
})

void test('the account is that of the profile in use, or of a profile that it leads to', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const profiles = [
    '[default]\nsso_account_id = 111122223333\n',
    '[default]\nrole_arn = arn:aws:iam::111122223333:role/x\n',
    '[default]\nmfa_serial = arn:aws:iam::111122223333:mfa/x\n',
    '[default]\nsource_profile = other\n[profile other]\nsso_account_id = 111122223333\n',
  ]
  for (const config of profiles) {
    const context = await contextOf(t, aws, { files: { '.aws/config': config } })
    const { message } = await notARoleArn(context, 'role/Admin')
    t.match(message, /: write arn:aws:iam::111122223333:role\/Admin$/, config)
  }
  t.same(aws.sts.requests, [])
})

void test('otherwise STS is asked once, and its failure is no error', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const asked = await notARoleArn(await contextOf(t, aws, { environment: KEYS }), 'Admin')
  t.equal(asked.message, `role "Admin" is not an ARN: write arn:aws:iam::${ACCOUNT}:role/Admin`)
  t.match(aws.sts.requests, [{ action: 'GetCallerIdentity' }])
  t.equal(aws.sts.requests.length, 1)
  aws.faults.set('error500')
  const failed = await contextOf(t, aws, { environment: { ...KEYS } })
  const unknown = `write arn:aws:iam::ACCOUNT:role/Admin, with the account's 12 digits for ACCOUNT`
  t.match((await notARoleArn(failed, 'Admin')).message, unknown)
  const none = await contextOf(t, aws, {})
  t.match((await notARoleArn(none, 'Admin')).message, unknown)
})

void test('the partition is that of the region', async (t) => {
  const aws = createSandboxAws({ identities, roles })
  const context = await contextOf(t, aws, {}, 'us-gov-west-1')
  t.match((await notARoleArn(context, '111122223333:Admin')).message, 'arn:aws-us-gov:iam::111122223333:role/Admin')
})
