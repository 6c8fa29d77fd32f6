import { decide, type BackendSnapshot } from '../../src/mapping/decide.ts'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '../../src/mapping/aws-auth.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'
import { NeedsEc2PrivateDnsName } from '../../src/mapping/template.ts'
import { parseDynamicFile } from '../../src/mapping/dynamic-file.ts'
import type { BackendMode } from '../../src/mapping/backend-mode.ts'
import type { Identity } from '../../src/identity/caller-identity.ts'
import { test } from 'tap'

const ARN = 'arn:aws:iam::123456789012:role/Admin'

const identity: Identity = {
  arn: 'arn:aws:sts::123456789012:assumed-role/Admin/alice@example.com',
  canonicalArn: ARN,
  kind: 'role',
  accountId: '123456789012',
  userId: 'AROAEXAMPLE',
  sessionName: 'alice@example.com',
  accessKeyId: 'ASIAEXAMPLE',
}

function backend(
  mode: BackendMode,
  data: Readonly<Record<string, unknown>> | null,
  fault: string | null = null,
): BackendSnapshot {
  const index = data === null ? null : indexMappings(parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: false })).index
  return { mode, index, fault }
}

const role = (username: string, groups = '[]') => ({
  mapRoles: `- {rolearn: "${ARN}", username: "${username}", groups: ${groups}}`,
})
const account = { mapAccounts: '["123456789012"]' }
const none = new Map<BackendMode, readonly string[]>()

void test('the first backend that matches decides', async (t) => {
  const backends = [backend('MountedFile', {}), backend('CRD', role('crd')), backend('EKSConfigMap', role('eks'))]
  t.match(decide(identity, backends, none), {
    username: 'crd',
    groups: [],
    backend: 'CRD',
    entry: { path: 'mapRoles[0]' },
  })
  t.match(decide(identity, [...backends].reverse(), none), { username: 'eks', backend: 'EKSConfigMap' })
})

void test('templates are filled in the username and in each group', async (t) => {
  const filled = decide(identity, [backend('CRD', role('u-{{SessionName}}', '["g-{{AccountID}}", x]'))], none)
  t.match(filled, { username: 'u-alice-example.com', groups: ['g-123456789012', 'x'] })
})

void test('mapAccounts comes after the entries of its backend, and before the next backend', async (t) => {
  const mapped = { username: ARN, groups: [], entry: null, backend: 'MountedFile' }
  t.match(decide(identity, [backend('MountedFile', account), backend('CRD', role('crd'))], none), mapped)
  t.match(decide(identity, [backend('MountedFile', { ...account, ...role('entry') })], none), { username: 'entry' })
  t.match(decide(identity, [backend('MountedFile', { mapAccounts: '["999999999999"]' })], none), {
    reason: 'not_mapped',
  })
})

void test('a match with a template that cannot be filled is final', async (t) => {
  const dns = '{{EC2PrivateDNSName}}'
  const after = backend('EKSConfigMap', role('admin'))
  for (const entry of [role(`system:node:${dns}`), role('x', `["${dns}"]`)]) {
    t.match(decide(identity, [backend('MountedFile', entry), after], none), {
      reason: 'template',
      message: /mapRoles\[0\]/,
    })
    const instance = { ...identity, sessionName: 'i-0123456789abcdef0' }
    const needs = decide(instance, [backend('MountedFile', entry), after], none)
    t.ok(needs instanceof NeedsEc2PrivateDnsName && needs.instanceId === 'i-0123456789abcdef0')
    const facts = { ec2PrivateDnsName: 'ip-10-0-0-1' }
    t.match(decide(instance, [backend('MountedFile', entry), after], none, facts), { backend: 'MountedFile' })
  }
})

void test('a reserved username is refused after the template is filled, and no later backend is asked', async (t) => {
  const reserved = new Map<BackendMode, readonly string[]>([['EKSConfigMap', ['aws:', 'system:']]])
  const after = backend('CRD', role('ok'))
  const session = { ...identity, sessionName: 'system:masters' }
  t.match(decide(session, [backend('EKSConfigMap', role('{{SessionName}}')), after], reserved), {
    reason: 'reserved_username',
  })
  t.match(decide(identity, [backend('EKSConfigMap', role('aws:x')), after], reserved), { reason: 'reserved_username' })
  t.match(decide(identity, [backend('EKSConfigMap', role('AWS:x')), after], reserved), { username: 'AWS:x' })
  t.match(decide(identity, [backend('CRD', role('aws:x'))], reserved), { username: 'aws:x' })
  const arns = new Map<BackendMode, readonly string[]>([['MountedFile', ['arn:']]])
  t.match(decide(identity, [backend('MountedFile', account)], arns), { username: ARN }, 'not for mapAccounts')
})

void test('a backend that is not loaded is skipped, and reported if nothing else matches', async (t) => {
  const broken = backend('CRD', null, 'forbidden')
  t.match(decide(identity, [broken, backend('EKSConfigMap', role('eks'))], none), { username: 'eks' })
  t.match(decide(identity, [broken, backend('EKSConfigMap', {})], none), {
    reason: 'backend_unavailable',
    message: /CRD: forbidden/,
  })
  t.match(decide(identity, [backend('CRD', null)], none), { reason: 'backend_unavailable' })
  const stale = backend('EKSConfigMap', {}, 'watch failed')
  t.match(decide(identity, [stale], none), { reason: 'not_mapped' }, 'its last good state counts')
})

void test('no entry matches', async (t) => {
  t.match(decide(identity, [], none), { reason: 'not_mapped' })
  t.match(decide(identity, [backend('CRD', {})], none), { reason: 'not_mapped', message: 'identity is not mapped' })
})

function strict(entry: object, accounts: readonly string[] = []): BackendSnapshot {
  const content = { mapRoles: [{ username: 'strict', ...entry }], mapAccounts: accounts }
  const { file } = parseDynamicFile(JSON.stringify(content), 'x.json', true)
  return { mode: 'DynamicFile', index: file === null ? null : indexMappings(file).index, fault: null }
}

void test('a user id with another ARN is skipped, and reported if nothing else matches', async (t) => {
  const other = { userid: 'AROAEXAMPLE', rolearn: 'arn:aws:iam::123456789012:role/Other' }
  t.match(decide(identity, [strict({ ...other, rolearn: ARN })], none), { username: 'strict' })
  t.match(decide(identity, [strict({ userid: 'AROAEXAMPLE' })], none), { username: 'strict' })
  t.match(decide(identity, [strict(other)], none), {
    reason: 'not_mapped',
    message: 'identity is not mapped; DynamicFile mapRoles[0]: ARN does not match User ID',
  })
  t.match(decide(identity, [strict(other), backend('CRD', role('crd'))], none), { username: 'crd' })
  t.match(decide(identity, [strict(other, ['123456789012'])], none), { username: ARN, groups: [], entry: null })
  t.match(decide(identity, [strict(other), backend('CRD', null, 'forbidden')], none), {
    reason: 'backend_unavailable',
    message: /ARN does not match User ID; CRD: forbidden/,
  })
})
