import { test } from 'tap'
import { auditLine } from '../../src/observe/audit-log.ts'
import type { Decision } from '../../src/login/decision.ts'

void test('a line of the audit log is safe to show and can be parsed', (t) => {
  const hostile = 'a\u001b[2J\u009b\u202e\u2028\u{e0041}\nz'
  const decision: Decision = {
    subject: 'token',
    reason: 'not_mapped',
    error: hostile,
    identity: null,
    stsHost: hostile,
    issuer: null,
    client: '127.0.0.1:1',
    backend: null,
    entry: null,
    user: null,
    latencyMs: 1,
  }
  const line = auditLine(decision, new Date(0))
  t.match(line, /^[ -~]+\n$/)
  t.match(JSON.parse(line), { error: hostile, stsHost: hostile })
  t.end()
})
