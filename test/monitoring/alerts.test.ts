import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { parse } from 'yaml'
import { anchorOf, document, REPOSITORY, ROOT } from '../docs/documents.ts'
import { missing } from './programs.ts'

const FOLDER = join(ROOT, 'deploy', 'monitoring')

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? Array.from<unknown>(value) : []
}

function yaml(name: string): unknown {
  const value: unknown = parse(readFileSync(join(FOLDER, name), 'utf8'))
  return value
}

function run(...args: readonly string[]): string {
  const env = { PATH: process.env['PATH'] ?? '' }
  return execFileSync('promtool', args, { cwd: FOLDER, encoding: 'utf8', env })
}

const rules = list(property(yaml('alerts.yaml'), 'groups')).flatMap((group) => list(property(group, 'rules')))

t.test('promtool accepts the rules, and they fire exactly when they should', { skip: missing('promtool') }, (t) => {
  t.match(run('check', 'rules', 'alerts.yaml'), `${rules.length} rules found`)
  t.match(run('test', 'rules', 'alerts.test.yaml'), 'SUCCESS')
  t.end()
})

t.test('each alert is tested to fire and to stay quiet', (t) => {
  const tests = list(property(yaml('alerts.test.yaml'), 'tests')).flatMap((item) =>
    list(property(item, 'alert_rule_test')),
  )
  for (const rule of rules) {
    const own = tests.filter((item) => textAt(item, 'alertname') === textAt(rule, 'alert'))
    const firing = own.filter((item) => list(property(item, 'exp_alerts')).length > 0)
    t.ok(firing.length > 0 && firing.length < own.length, textAt(rule, 'alert') ?? '')
  }
  t.end()
})

t.test('each alert has a section with the fix', (t) => {
  const anchors = new Set(document('docs/monitoring.md').headings.map(anchorOf))
  t.ok(rules.length > 0)
  for (const rule of rules) {
    const name = textAt(rule, 'alert') ?? ''
    t.ok(anchors.has(name.toLowerCase()), name)
    const annotations = property(rule, 'annotations')
    t.equal(textAt(annotations, 'runbook_url'), `${REPOSITORY}/blob/main/docs/monitoring.md#${name.toLowerCase()}`)
    for (const key of ['summary', 'description']) t.type(textAt(annotations, key), 'string')
    t.match(textAt(property(rule, 'labels'), 'severity'), /^(warning|critical)$/)
  }
  t.end()
})
