import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { TemplateFault } from '@aws-iam-authenticator/core/mapping/template'
import type { BackendSnapshot } from '@aws-iam-authenticator/core/mapping/decide'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import { test } from 'tap'
import { createMapper } from '../../src/login/map.ts'

const ARN = 'arn:aws:iam::111122223333:role/Nodes'
const IDENTITY: Identity = {
  arn: 'arn:aws:sts::111122223333:assumed-role/Nodes/i-12345678',
  canonicalArn: ARN,
  kind: 'role',
  accountId: '111122223333',
  userId: 'AROANODES',
  sessionName: 'i-12345678',
  accessKeyId: 'ASIANODES',
}

function mapping(entry: string): BackendSnapshot {
  const data = parseAwsAuth({ mapRoles: entry }, EMPTY_AWS_AUTH, { sso: false })
  return { mode: 'EKSConfigMap', index: indexMappings(data).index, fault: null }
}

const NODES = mapping(`- {rolearn: "${ARN}", username: "system:node:{{EC2PrivateDNSName}}"}`)
const NOTHING = mapping('')

function backendsOf(snapshot: () => BackendSnapshot): Parameters<typeof createMapper>[0] {
  const backends = [{ start: () => Promise.resolve(), stop: () => Promise.resolve(), snapshot }]
  return () => backends
}

void test('a name is resolved for the session and put into the template', async (t) => {
  const asked: string[] = []
  const map = createMapper(
    backendsOf(() => NODES),
    new Map(),
    async (instanceId) => {
      asked.push(instanceId)
      return 'a.internal'
    },
  )
  t.match(await map(IDENTITY), { username: 'system:node:a.internal' })
  t.same(asked, ['i-12345678'])
})

void test('a fault is a verdict that names the entry, and a refusal is passed on', async (t) => {
  const outcomes = [new TemplateFault('no such instance'), new Refusal('ec2_unavailable', 'EC2 is down')]
  const map = createMapper(
    backendsOf(() => NODES),
    new Map(),
    async () => outcomes.shift() ?? '',
  )
  t.match(await map(IDENTITY), { reason: 'template', message: 'EKSConfigMap mapRoles[0]: no such instance' })
  t.match(await map(IDENTITY), { reason: 'ec2_unavailable', message: 'EC2 is down' })
})

void test('a mapping that is removed while EC2 is called grants nothing', async (t) => {
  let snapshot = NODES
  const map = createMapper(
    backendsOf(() => snapshot),
    new Map(),
    async () => {
      snapshot = NOTHING
      return 'a.internal'
    },
  )
  t.match(await map(IDENTITY), { reason: 'not_mapped' })
})

void test('a reserved prefix is checked after EC2 has answered', async (t) => {
  const reserved = new Map([['EKSConfigMap', ['system:node:']]] as const)
  const map = createMapper(
    backendsOf(() => NODES),
    reserved,
    async () => 'a.internal',
  )
  t.match(await map(IDENTITY), { reason: 'reserved_username' })
})
