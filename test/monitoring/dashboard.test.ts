import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core'
import t from 'tap'
import { request } from 'undici'
import { document, ROOT } from '../docs/documents.ts'
import { minimalEnvironment, temporaryFolder } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { govRoleArn, startGovCloud } from '../e2e/harness/govcloud.ts'
import { tokenOf } from '../e2e/harness/logins.ts'
import { freePort, startTestServer } from '../e2e/harness/server.ts'
import { missing } from './programs.ts'

const REGION = 'us-gov-west-1'

function session(role: string): string {
  return `arn:aws-us-gov:sts::210987654321:assumed-role/${role}/dev`
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? Array.from<unknown>(value) : []
}

const dashboard: unknown = JSON.parse(readFileSync(join(ROOT, 'deploy/monitoring/dashboard.json'), 'utf8'))
const panels = list(property(dashboard, 'panels'))
const queries = panels.flatMap((panel) =>
  list(property(panel, 'targets')).map((target) => ({
    title: textAt(panel, 'title') ?? '',
    expression: textAt(target, 'expr') ?? '',
  })),
)

t.test('the panels of the dashboard have names, units and places of their own', (t) => {
  t.ok(panels.length > 0)
  for (const key of ['id', 'title']) t.equal(new Set(panels.map((panel) => property(panel, key))).size, panels.length)
  const cells = panels.flatMap((panel) => {
    const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((key) => Number(property(property(panel, 'gridPos'), key)))
    if (x === undefined || y === undefined || w === undefined || h === undefined) throw new TypeError('four numbers')
    t.ok(x + w <= 24)
    return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`)
  })
  t.equal(new Set(cells).size, cells.length, 'no panel lies on another')
  t.end()
})

t.test(
  'each query finds something in a Prometheus that scrapes a server',
  { skip: missing('prometheus') },
  async (t) => {
    const aws = await startGovCloud(t)
    const configuration = `clusterID: k8s.local\nserver:\n  mapRoles:\n    - rolearn: ${govRoleArn('K8s-Admin')}\n      username: admin\n`
    const server = await startTestServer(t, { aws, configuration })
    const folder = temporaryFolder(t)
    const port = await freePort()
    const certificate = join(folder, 'certificate.pem')
    writeFileSync(certificate, server.certificate)
    const example =
      document('docs/monitoring.md').blocks.find(({ text }) => text.startsWith('scrape_configs:'))?.text ?? ''
    const scrape = example
      .replace('/var/aws-iam-authenticator/cert.pem', certificate)
      .replace('127.0.0.1:21362', `127.0.0.1:${server.port}`)
    writeFileSync(join(folder, 'prometheus.yml'), `global: {scrape_interval: 1s}\n${scrape}`)
    const flags = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    const prometheus = spawn('prometheus', flags, { env: minimalEnvironment(folder), stdio: 'ignore' })
    const ended = new Promise((resolve) => prometheus.once('exit', resolve))
    t.teardown(async () => {
      prometheus.kill()
      await ended
    })
    const query = async (expression: string): Promise<{ status: unknown; error: unknown; results: number }> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`
      try {
        const { body } = await request(url)
        const answer: unknown = await body.json()
        const results = list(property(property(answer, 'data'), 'result')).length
        return { status: textAt(answer, 'status'), error: textAt(answer, 'error'), results }
      } catch {
        return { status: 'unreachable', error: undefined, results: 0 }
      }
    }
    // Counters are told apart from one scrape to the next, while logins of every kind come in.
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
      const { results } = await query('sum by (reason) (rate(aws_iam_authenticator_refusals_total[20s])) > 0')
      return results >= 2
    }
    await eventually(t, 'rates of refusals', true, 60_000, rates)

    const exposed = (await server.request({ path: '/metrics' })).text
    const [, named = ''] = document('docs/monitoring.md').text.split('## Metrics')
    for (const [, name = ''] of exposed.matchAll(/^# TYPE aws_iam_authenticator_(\w+)/gm)) {
      t.match(named, `\`${name}\``, `${name} is in monitoring.md`)
    }
    for (const { title, expression } of queries) {
      const asked = expression.replaceAll('$job', '.*').replaceAll('$__rate_interval', '20s')
      const { status, error, results } = await query(asked)
      t.equal(status, 'success', `${title}: ${String(error)}`)
      // What has not happened, and a limit that there is not, has no series.
      const absent = [...asked.matchAll(/aws_iam_authenticator_\w+?(?=_bucket|_count|[{ )])/g)]
        .map(([name]) => name)
        .some(
          (name) =>
            !exposed.includes(`\n${name}`) || !new RegExp(`^${name}(?:_count)?(?:\\{.*)? \\S+$`, 'm').test(exposed),
        )
      if (!absent) t.not(results, 0, `${title}: ${asked}`)
      t.comment(`${title}: ${results} series${absent ? ', its metric has none yet' : ''}`)
    }
  },
)
