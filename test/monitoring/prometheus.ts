import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { request } from 'undici'
import { document } from '../docs/documents.ts'
import { minimalEnvironment, temporaryFolder } from '../e2e/harness/command.ts'
import { freePort, type TestServer } from '../e2e/harness/server.ts'
import { list } from './dashboard.ts'

/** One series of an answer: its labels, and values by time. */
export interface Series {
  readonly labels: ReadonlyMap<string, string>
  readonly points: readonly (readonly [seconds: number, value: number])[]
}

export interface Answer {
  /** `success`, `error`, or `unreachable`. */
  readonly status: string
  readonly error: string | undefined
  readonly series: readonly Series[]
}

/** A Prometheus that scrapes a server each second. */
export interface Prometheus {
  query(expression: string): Promise<Answer>
  /** One value per second between two times, in seconds since 1970. */
  range(expression: string, start: number, end: number): Promise<Answer>
}

function seriesOf(result: unknown): Series {
  const points = [...list(property(result, 'values')), property(result, 'value')].filter((point) =>
    Array.isArray(point),
  )
  return {
    labels: new Map(Object.entries(property(result, 'metric') ?? {}).map(([name, value]) => [name, String(value)])),
    points: points.map(([at, value]) => [Number(at), Number(value)] as const),
  }
}

/** Starts Prometheus with the configuration that docs/monitoring.md shows. */
export async function startPrometheus(
  t: { teardown(action: () => unknown): void },
  server: TestServer,
): Promise<Prometheus> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const certificate = join(folder, 'certificate.pem')
  writeFileSync(certificate, server.certificate)
  const { blocks } = document('docs/monitoring.md')
  const scrape = (blocks.find(({ text }) => text.startsWith('scrape_configs:'))?.text ?? '')
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
  const ask = async (path: string, parameters: Readonly<Record<string, string>>): Promise<Answer> => {
    try {
      const { body } = await request(
        `http://127.0.0.1:${port}/api/v1/${path}?${String(new URLSearchParams(parameters))}`,
      )
      const answer: unknown = await body.json()
      return {
        status: textAt(answer, 'status') ?? '',
        error: textAt(answer, 'error'),
        series: list(property(property(answer, 'data'), 'result')).map(seriesOf),
      }
    } catch {
      return { status: 'unreachable', error: undefined, series: [] }
    }
  }
  return {
    query: (query) => ask('query', { query }),
    range: (query, start, end) => ask('query_range', { query, start: String(start), end: String(end), step: '1' }),
  }
}
