import { DOCUMENT_LIMITS } from '@aws-iam-authenticator/core/document/limits'
import { parseDynamicFile } from '@aws-iam-authenticator/core/mapping/dynamic-file'
import { readAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { test } from 'tap'
import { createDocumentReader } from '../../src/backends/document-reader.ts'
import { reader } from '../document-reader.ts'

const LIMIT = 16 * 1024
const GATES = { sso: true, rolePaths: false }

/** A list of roles, padded with a comment to a length. */
function roles(length: number): string {
  const conditions = '  principalTags: {team: [a, b]}\n  orgId: o-a1b2c3d4e5\n'
  const entry = `- rolearn: arn:aws:iam::123456789012:role/A\n  username: a\n${conditions}- rolearn: nonsense\n`
  return `${entry}${'#'.repeat(length - entry.length)}`
}

void test('aws-auth reads the same on the event loop and in a worker thread', async (t) => {
  for (const length of [LIMIT, LIMIT + 1, 40 * LIMIT]) {
    const data = { mapRoles: roles(length), MapUsers: '[]', mapAccounts: '["123456789012"]' }
    const read = await reader.awsAuth(data, GATES)
    t.same(read, readAwsAuth(data, GATES), `${length}`)
    t.match(read.roles?.entries, [{ conditions: { principalTags: [{ key: 'team', values: ['a', 'b'] }] } }])
    t.equal(read.roles?.unusable.length, 0)
    t.equal(read.problems.length, 3)
  }
})

void test('a document over 16 KiB is read in a worker thread, one of 16 KiB on the event loop', async (t) => {
  const broken = createDocumentReader(new URL('no-such-program.ts', import.meta.url))
  t.ok(await broken.awsAuth({ mapRoles: roles(LIMIT) }, GATES))
  await t.rejects(broken.awsAuth({ mapRoles: roles(LIMIT + 1) }, GATES), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(broken.awsAuth({ mapRoles: roles(LIMIT), mapUsers: '[]' }, GATES), { code: 'ERR_MODULE_NOT_FOUND' })
})

void test('a dynamic file reads the same on the event loop and in a worker thread', async (t) => {
  for (const count of [1, 2_000]) {
    const mapRoles = Array.from({ length: count }, (_, index) => ({
      rolearn: `arn:aws:iam::123456789012:role/${index}`,
      username: 'u',
      groups: ['g'],
    }))
    const task = { text: JSON.stringify({ mapRoles }), source: 'file.json', userIdStrict: false, gates: {} }
    const read = await reader.dynamicFile(task)
    t.same(read, parseDynamicFile(task.text, task.source, task.userIdStrict, task.gates))
    t.equal(read.file?.roles.length, count)
  }
})

void test('a document over a limit is a problem with a place, not an exception', async (t) => {
  const read = await reader.awsAuth({ mapRoles: '[]'.repeat(DOCUMENT_LIMITS.tokens / 2 + 1) }, GATES)
  t.equal(read.roles, null)
  t.match(read.problems[0], { severity: 'error', location: { line: 1, column: DOCUMENT_LIMITS.tokens + 1 } })
})
