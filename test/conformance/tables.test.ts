import { canonicalizeArn } from '@aws-iam-authenticator/core/identity/arn'
import { fillTemplate, NeedsEc2PrivateDnsName, TemplateFault } from '@aws-iam-authenticator/core/mapping/template'
import { parseCallerIdentity, type Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { arns } from './arns.ts'
import { identities } from './identities.ts'
import { templateIdentity, templates } from './templates.ts'

void test('every ARN has its principal or none', async (t) => {
  for (const row of arns) {
    const principal = canonicalizeArn(row.arn)
    if ('fault' in row) t.equal(principal, row.fault, row.arn)
    else t.match(principal, { kind: row.kind, canonicalArn: row.canonicalArn }, row.arn)
    if (typeof principal === 'string') continue
    t.same(canonicalizeArn(principal.canonicalArn), principal, `${row.arn}: canonical once and for all`)
  }
})

void test('every answer of STS gives an identity or a reason', async (t) => {
  for (const row of identities) {
    const identity = parseCallerIdentity(row.body, 'ASIAIOSFODNN7EXAMPLE')
    if ('reason' in row) t.equal(identity instanceof Refusal ? identity.reason : 'accepted', row.reason, row.name)
    else t.match(identity, { ...row.identity, accessKeyId: 'ASIAIOSFODNN7EXAMPLE' }, row.name)
  }
})

void test('every template is filled, needs a fact, or has a fault', async (t) => {
  for (const row of templates) {
    const sessionName = row.sessionName ?? 'alice@example.com'
    const identity: Identity = {
      ...templateIdentity,
      arn: `arn:aws:sts::012345678901:assumed-role/Admin/${sessionName}`,
      canonicalArn: 'arn:aws:iam::012345678901:role/Admin',
      kind: 'role',
      userId: 'AROAEXAMPLE',
      sessionName,
    }
    const facts = row.ec2PrivateDnsName === undefined ? {} : { ec2PrivateDnsName: row.ec2PrivateDnsName }
    const value = fillTemplate(row.template, identity, facts)
    const name = `${row.template} of ${JSON.stringify(sessionName)}`
    if ('filled' in row) t.equal(value, row.filled, name)
    else if ('fault' in row) t.ok(value instanceof TemplateFault, name)
    else t.equal(value instanceof NeedsEc2PrivateDnsName ? value.instanceId : value, row.needsInstance, name)
  }
})
