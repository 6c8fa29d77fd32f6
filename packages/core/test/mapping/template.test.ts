import { fillTemplate, NeedsEc2PrivateDnsName, TemplateFault, unknownPlaceholders } from '../../src/mapping/template.ts'
import type { Identity } from '../../src/identity/caller-identity.ts'
import { test } from 'tap'

const identity: Identity = {
  arn: 'arn:aws:sts::123456789012:assumed-role/Admin/a@b',
  canonicalArn: 'arn:aws:iam::123456789012:role/Admin',
  kind: 'role',
  accountId: '123456789012',
  userId: 'AROAEXAMPLE',
  sessionName: 'a@b',
  accessKeyId: 'ASIAEXAMPLE',
}
const instance = { ...identity, sessionName: 'i-01234567' }

void test('the placeholders', async (t) => {
  t.equal(
    fillTemplate('{{AccountID}} {{SessionName}} {{SessionNameRaw}} {{AccessKeyID}}', identity, {}),
    '123456789012 a-b a@b ASIAEXAMPLE',
  )
  t.equal(fillTemplate('{{EC2PrivateDNSName}}', instance, { ec2PrivateDnsName: 'ip' }), 'ip')
  t.equal(fillTemplate('{{Other}}', identity, {}), '{{Other}}')
})

void test('a value is never expanded again', async (t) => {
  const hostile = { ...identity, sessionName: '{{AccessKeyID}}$&' }
  t.equal(fillTemplate('{{SessionName}}', hostile, {}), '{{AccessKeyID}}$&')
})

void test('the first fault is returned', async (t) => {
  const both = '{{EC2PrivateDNSName}}{{EC2PrivateDNSName}}'
  t.ok(fillTemplate(both, identity, {}) instanceof TemplateFault)
  const needs = fillTemplate(both, instance, {})
  t.equal(needs instanceof NeedsEc2PrivateDnsName && needs.instanceId, 'i-01234567')
})

void test('no fault repeats the session name', async (t) => {
  const fault = fillTemplate('{{EC2PrivateDNSName}}', { ...identity, sessionName: 'hidden' }, {})
  t.notMatch(fault instanceof TemplateFault ? fault.message : 'hidden', 'hidden')
})

void test('text that looks like a placeholder is warned about, with a hint', async (t) => {
  t.same(unknownPlaceholders('{{AccountID}}-{{SessionName}}'), [])
  t.match(unknownPlaceholders('{{sessionname}}{{ AccountID }}'), [
    /did you mean \{\{SessionName\}\}/,
    /\{\{AccountID\}\}/,
  ])
  t.equal(unknownPlaceholders('{{}}').length, 1)
})

void test('a long template takes linear time', async (t) => {
  for (const text of ['{'.repeat(200_000), `{{${'a'.repeat(200_000)}`, '{{a'.repeat(50_000), '{{a}'.repeat(50_000)]) {
    t.equal(fillTemplate(text, identity, {}), text)
    t.type(unknownPlaceholders(text).length, 'number')
  }
})
