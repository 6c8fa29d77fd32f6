import { findEntry } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import type { Problem } from '@aws-iam-authenticator/core/errors/problem'
import { test } from 'tap'
import { logProblems } from '../../src/log/log-problems.ts'
import { createMountedFile } from '../../src/backends/mounted-file.ts'
import { recordedLog } from '../recorded-log.ts'

const arn = 'arn:aws:iam::123456789012:role/a'
const location = { source: 'config.yaml', line: 1, column: 1 }
const entry = (username: string, path: string): MappingEntry => ({
  key: { type: 'arn', arn },
  principal: arn,
  conditions: null,
  username,
  groups: [],
  userId: '',
  location,
  path,
})

void test('the mappings of the file are available from the start and stay', async (t) => {
  const { log, lines } = recordedLog()
  const roles = [entry('first', 'mapRoles[0]'), entry('second', 'mapRoles[1]')]
  const backend = createMountedFile({ roles, users: [], accounts: ['210987654321'] }, log)
  await backend.start()
  const { mode, index, fault } = backend.snapshot()
  t.same([mode, fault], ['MountedFile', null])
  t.match(index === null ? undefined : findEntry(index, { canonicalArn: arn, userId: '', sessionName: '' }), {
    username: 'second',
  })
  t.equal(index?.accounts.has('210987654321'), true)
  t.match(lines, [{ level: 'warn', message: /mapRoles\[0\]/ }])
  await backend.stop()
  t.equal(backend.snapshot().index, index)
})

const problem = (severity: Problem['severity'], path: string): Problem => ({
  severity,
  location,
  path,
  message: 'is odd',
})

void test('problems are logged by severity, and at most some of very many', async (t) => {
  const { log, lines } = recordedLog()
  t.equal(logProblems(log, [problem('warning', 'a'), problem('error', 'b')]).count, 1)
  t.match(lines, [
    { level: 'error', message: 'config.yaml:1:1: b: is odd' },
    { level: 'warn', message: 'config.yaml:1:1: a: is odd' },
  ])
  lines.length = 0
  const many = Array.from({ length: 60 }, (_, index) => problem('error', `e[${index}]`))
  t.equal(logProblems(log, [...many, problem('warning', 'a')]).count, 60)
  t.equal(lines.length, 52)
  t.match(lines.at(-1), { level: 'warn', fields: { more: 10 } })
})
