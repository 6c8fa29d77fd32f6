import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { document, ROOT } from '../docs/documents.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { govRoleArn, startGovCloud } from '../e2e/harness/govcloud.ts'
import { tokenOf } from '../e2e/harness/logins.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { list, panelsOf } from './dashboard.ts'
import { missing } from './programs.ts'
import { startPrometheus } from './prometheus.ts'

const REGION = 'us-gov-west-1'

function session(role: string): string {
  return `arn:aws-us-gov:sts::210987654321:assumed-role/${role}/dev`
}

const dashboard: unknown = JSON.parse(readFileSync(join(ROOT, 'deploy/monitoring/dashboard.json'), 'utf8'))
const panels = panelsOf(dashboard)
const queries = panels.flatMap(({ title, targets }) => targets.map(({ expression }) => ({ title, expression })))

t.test('the panels of the dashboard have distinct names, units and positions', (t) => {
  t.ok(panels.length > 0)
  for (const key of ['id', 'title'] as const) t.equal(new Set(panels.map((panel) => panel[key])).size, panels.length)
  const cells = panels.flatMap(({ title, unit, type, place: { x, y, w, h }, targets, steps }) => {
    t.ok(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24, `${title}: its place`)
    t.match(unit, /^(?:short|reqps|ops|s|bytes|percentunit)$/, `${title}: its unit`)
    t.match(type, /^(?:stat|timeseries)$/, `${title}: its type`)
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, `${title}: its queries`)
    for (const { legend, expression } of targets) {
      t.not(legend, '', `${title}: a legend`)
      t.match(expression, /job=~"\$job"/, `${title}: the job that was chosen`)
      // A legend names labels that the query keeps. A query without aggregation has the labels of the target.
      const [, by] = /\bby \(([^)]*)\)/.exec(expression) ?? []
      for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g)) {
        t.ok((by ?? 'instance').split(', ').includes(label), `${title}: ${label}`)
      }
    }
    t.same(
      steps.map(({ from }) => from),
      steps.map(({ from }) => from).sort((one, other) => one - other),
      `${title}: its thresholds`,
    )
    return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`)
  })
  t.equal(new Set(cells).size, cells.length, 'no panel lies on another')
  t.equal(cells.length, 24 * Math.max(...panels.map(({ place }) => place.y + place.h)), 'and there are no gaps')
  t.end()
})

t.test('the dashboard can be imported into any Grafana, and loads by itself', (t) => {
  const variables = list(property(property(dashboard, 'templating'), 'list'))
  t.match(variables[0], { name: 'datasource', type: 'datasource', query: 'prometheus' })
  t.equal(textAt(variables[1], 'name'), 'job')
  for (const part of [...variables.slice(1), ...list(property(dashboard, 'panels'))]) {
    for (const of of [part, ...list(property(part, 'targets'))]) {
      t.same(property(of, 'datasource'), { type: 'prometheus', uid: '${datasource}' })
    }
  }
  t.match(textAt(dashboard, 'refresh'), /^\d+[sm]$/)
  t.ok(list(property(dashboard, 'tags')).length > 0)
  t.match(textAt(dashboard, 'uid'), /^[\w-]{1,40}$/)
  t.equal(property(dashboard, 'id'), undefined, 'an id is of one Grafana')
  t.end()
})

t.test(
  'each query finds something in a Prometheus that scrapes a server',
  { skip: missing('prometheus') },
  async (t) => {
    const aws = await startGovCloud(t)
    const configuration = `clusterID: k8s.local\nserver:\n  mapRoles:\n    - rolearn: ${govRoleArn('K8s-Admin')}\n      username: admin\n`
    const server = await startTestServer(t, { aws, configuration })
    const prometheus = await startPrometheus(t, server)
    // Each scrape gets other counter values, while logins of every kind arrive.
    const logIn = async (): Promise<void> => {
      for (const role of ['K8s-Admin', 'Intern']) await server.review(tokenOf(aws, session(role), REGION))
      await server.review('k8s-aws-v1.rubbish')
      for (const fault of ['throttle', 'reset'] as const) {
        aws.faults.set(fault)
        await server.review(tokenOf(aws, session('K8s-Admin'), REGION))
        aws.faults.clear()
      }
    }
    const rates = async (): Promise<boolean> => {
      await logIn()
      const { series } = await prometheus.query('sum by (reason) (rate(aws_iam_authenticator_refusals_total[20s])) > 0')
      return series.length >= 2
    }
    await eventually(t, 'rates of refusals', true, 60_000, rates)

    const exposed = (await server.request({ path: '/metrics' })).text
    const [, named = ''] = document('docs/monitoring.md').text.split('## Metrics')
    for (const [, name = ''] of exposed.matchAll(/^# TYPE aws_iam_authenticator_(\w+)/gm)) {
      t.match(named, `\`${name}\``, `${name} is in monitoring.md`)
    }
    for (const { title, expression } of queries) {
      const asked = expression.replaceAll('$job', '.*').replaceAll('$__rate_interval', '20s')
      const { status, error, series } = await prometheus.query(asked)
      t.equal(status, 'success', `${title}: ${String(error)}`)
      // An event that has not occurred, and a missing limit, have no series.
      const absent = [...asked.matchAll(/aws_iam_authenticator_\w+?(?=_bucket|_count|[{ )])/g)]
        .map(([name]) => name)
        .some(
          (name) =>
            !exposed.includes(`\n${name}`) || !new RegExp(`^${name}(?:_count)?(?:\\{.*)? \\S+$`, 'm').test(exposed),
        )
      if (!absent) t.not(series.length, 0, `${title}: ${asked}`)
      t.comment(`${title}: ${series.length} series${absent ? ', its metric has none yet' : ''}`)
    }
  },
)
