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
const jwt: Identity = {
  ...identity,
  arn: 'arn:aws:iam::123456789012:role/Admin',
  userId: '',
  sessionName: '',
  accessKeyId: '',
  web: {
    sourceIdentity: 'a@b',
    identityStoreUserId: '1234-abcd',
    orgId: undefined,
    ouPaths: [],
    principalTags: new Map([
      ['team', 'a/b_c.d=e+f,g@h-1'],
      ['cost: center', '42'],
      ['Team', '{{AccountID}}'],
      ['admin', 'system:masters'],
      ['blank', 'a b'],
      ['empty', ''],
      ['line', 'a\n'],
      ['umlaut', 'ä'],
      ['long', 'a'.repeat(257)],
      ['256', 'a'.repeat(256)],
    ]),
  },
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
  for (const text of [
    '{'.repeat(200_000),
    `{{${'a'.repeat(200_000)}`,
    '{{a'.repeat(50_000),
    '{{a}'.repeat(50_000),
    '{{PrincipalTag "'.repeat(20_000),
  ]) {
    t.equal(fillTemplate(text, identity, {}), text)
    t.type(unknownPlaceholders(text).length, 'number')
  }
})

const fault = (template: string, of: Identity): string => {
  const filled = fillTemplate(template, of, {})
  return filled instanceof TemplateFault ? filled.message : 'no fault'
}

void test('the placeholders for a JWT', async (t) => {
  t.equal(
    fillTemplate('{{AccountID}}:{{SourceIdentity}}:{{IdentityStoreUserID}}', jwt, {}),
    '123456789012:a@b:1234-abcd',
  )
  t.equal(fillTemplate('x-{{PrincipalTag "team"}}/{{PrincipalTag "cost: center"}}', jwt, {}), 'x-a/b_c.d=e+f,g@h-1/42')
  t.equal(fillTemplate('{{PrincipalTag "256"}}', jwt, {}), 'a'.repeat(256))
})

void test('a value that a JWT does not have is a fault that names the placeholder', async (t) => {
  for (const name of ['{{SessionName}}', '{{SessionNameRaw}}', '{{AccessKeyID}}', '{{EC2PrivateDNSName}}'])
    t.ok(fault(`a-${name}`, jwt).startsWith(name), name)
  const web = { ...jwt.web, sourceIdentity: undefined, identityStoreUserId: undefined, orgId: undefined, ouPaths: [] }
  const bare = { ...jwt, web: { ...web, principalTags: new Map() } }
  for (const name of ['{{SourceIdentity}}', '{{IdentityStoreUserID}}', '{{PrincipalTag "team"}}']) {
    t.ok(fault(name, bare).startsWith(`${name}: `), name)
    t.ok(fault(name, identity).startsWith(`${name} is known for AWS-signed JWTs only`), name)
  }
  t.match(fault('{{PrincipalTag "TEAM"}}', jwt), 'no such principal tag', 'the case of the key matters')
  t.match(fault('{{PrincipalTag "__proto__"}}', jwt), 'no such principal tag')
})

void test('the value of a tag has no character with a meaning elsewhere, and is not repeated', async (t) => {
  for (const key of ['Team', 'admin', 'blank', 'empty', 'line', 'umlaut', 'long']) {
    const message = fault(`u-{{PrincipalTag "${key}"}}`, jwt)
    t.match(message, 'the value of the tag is not', key)
    t.notMatch(message, 'masters')
  }
})

void test('a malformed placeholder for a tag stays as it is, with a hint', async (t) => {
  for (const text of [
    '{{PrincipalTag team}}',
    '{{PrincipalTag}}',
    '{{PrincipalTag ""}}',
    "{{PrincipalTag 'team'}}",
    '{{PrincipalTag  "team"}}',
    '{{ PrincipalTag "team" }}',
    '{{principaltag "team"}}',
    '{{principal_tags "team"}}',
    '{{RequestTag "team"}}',
    '{{PrincipalTag "te*m"}}',
    `{{PrincipalTag "${'a'.repeat(129)}"}}`,
  ]) {
    t.equal(fillTemplate(text, jwt, {}), text)
    t.match(unknownPlaceholders(text), [/\(write \{\{PrincipalTag "team"\}\}/], text)
  }
  t.match(unknownPlaceholders('{{sourceidentity}}'), [/did you mean \{\{SourceIdentity\}\}/])
  t.match(unknownPlaceholders('{{IdentityStoreUserId}}'), [/did you mean \{\{IdentityStoreUserID\}\}/])
  t.same(unknownPlaceholders('{{SourceIdentity}}{{IdentityStoreUserID}}{{PrincipalTag "größe: 1"}}'), [])
})
