import { test } from 'tap'
import { Refusal } from '../../src/errors/reasons.ts'
import type { Identity } from '../../src/identity/caller-identity.ts'
import { AWS_CLAIM, readWebIdentity } from '../../src/identity/web-identity.ts'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '../../src/mapping/aws-auth.ts'
import { decide, type BackendSnapshot } from '../../src/mapping/decide.ts'
import { parseDynamicFile } from '../../src/mapping/dynamic-file.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'

const ACCOUNT = '123456789012'
const ARN = `arn:aws:iam::${ACCOUNT}:role/Admin`
const OTHER = `arn:aws:iam::${ACCOUNT}:role/Other`

function jwtOf(sub: string, aws: object = {}): Identity {
  const identity = readWebIdentity({ sub, [AWS_CLAIM]: { aws_account: ACCOUNT, ...aws } })
  if (identity instanceof Refusal) throw new TypeError(identity.message)
  return identity
}

function awsAuth(mapRoles: string, mapAccounts = '[]'): BackendSnapshot {
  const lists = parseAwsAuth({ mapRoles, mapAccounts }, EMPTY_AWS_AUTH, { sso: true })
  return { mode: 'EKSConfigMap', index: indexMappings(lists).index, fault: null }
}

function strictFile(...mapRoles: readonly object[]): BackendSnapshot {
  const { file } = parseDynamicFile(JSON.stringify({ mapRoles }), 'map.json', true)
  if (file === null) throw new TypeError('the file is rejected')
  return { mode: 'DynamicFile', index: indexMappings(file).index, fault: null }
}

const entry = (more: string, username: string): string => `- {rolearn: "${ARN}", username: ${username}${more}}\n`

/** The username, or the message of the refusal. */
function decideOn(identity: Identity, ...backends: readonly BackendSnapshot[]): string {
  const decision = decide(identity, backends, new Map())
  if (decision instanceof Refusal) return `${decision.reason}: ${decision.message}`
  return 'username' in decision ? decision.username : 'EC2'
}

void test('an entry that a JWT can not decide refuses it, whatever comes after', async (t) => {
  const jwt = jwtOf(ARN)
  for (const [more, key] of [
    [', sessionnames: ci-*', 'sessionnames'],
    [', principalid: AROA1', 'principalid'],
  ] as const) {
    const refused = new RegExp(`^not_mapped: EKSConfigMap mapRoles\\[1\\]: its ${key} may be for this login`)
    t.match(decideOn(jwt, awsAuth(entry('', 'admin') + entry(more, 'limited'))), refused)
    t.match(decideOn(jwt, awsAuth(entry('', 'admin') + entry(more, 'limited'), `["${ACCOUNT}"]`)), refused)
    const pattern = `- {rolelike: "arn:aws:iam::${ACCOUNT}:role/*", username: anyone}\n`
    t.match(decideOn(jwt, awsAuth(pattern + entry(more, 'limited'))), refused)
    t.match(decideOn(jwt, awsAuth(entry('', 'x') + entry(more, 'limited')), awsAuth(entry('', 'admin'))), refused)
    t.equal(
      decideOn(jwt, awsAuth(entry(more, 'limited') + entry('', 'admin'))),
      'admin',
      'one that comes before it counts',
    )
    const person = jwtOf(ARN, { source_identity: 'alice' })
    const before = entry('', 'admin') + entry(more, 'limited') + entry(', sourceIdentity: "*"', 'by-name')
    t.equal(decideOn(person, awsAuth(before)), 'by-name')
    t.match(decideOn(jwt, awsAuth(before)), refused, 'without a source identity')
    t.equal(decideOn(jwtOf(OTHER), awsAuth(entry(more, 'limited'), `["${ACCOUNT}"]`)), OTHER, 'another role')
  }
  t.equal(decideOn(jwt, awsAuth(entry(', sessionnames: "*"', 'any'))), 'any', 'every session matches')
})

void test('an entry that is found by user id refuses the JWTs that it may be for', async (t) => {
  const admin = awsAuth(`${entry('', 'admin')}- {rolearn: "${OTHER}", username: other}\n`)
  const named = strictFile({ rolearn: ARN, userid: 'AROA1', username: 'limited' })
  t.match(decideOn(jwtOf(ARN), named, admin), /^not_mapped: DynamicFile mapRoles\[0\]: its userid may be/)
  t.equal(decideOn(jwtOf(OTHER), named, admin), 'other')
  const unnamed = strictFile({ userid: 'AROA1', username: 'limited' })
  t.match(decideOn(jwtOf(ARN), unnamed, admin), /^not_mapped: DynamicFile mapRoles\[0\]/)
  t.match(decideOn(jwtOf(OTHER), unnamed, admin), /^not_mapped: DynamicFile mapRoles\[0\]/)
  t.equal(decideOn(jwtOf(OTHER), admin, unnamed), 'other')
})
