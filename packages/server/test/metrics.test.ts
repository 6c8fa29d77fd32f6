import { createMetrics } from '../src/metrics/metrics.ts'
import { createOperationsMetrics } from '../src/metrics/operations-metrics.ts'
import { METRIC_PREFIX } from '../src/metrics/metric-factory.ts'
import t from 'tap'
import { document, section, tableRows } from '../../../test/docs/documents.ts'

t.test('monitoring.md has every metric of the server with its type, and no other', async (t) => {
  const { registry, load, memoryLimited } = createMetrics(() => new Date())
  memoryLimited(1)
  load.observe(() => ({ inFlight: 0, queued: 0, openBreakers: 0, remembered: 0 }))
  createOperationsMetrics(registry, { version: '1.2.3', commit: 'abc' }, () => [])
  const metrics = await registry.getMetricsAsJSON()
  const exposed = metrics
    .filter(({ name }) => name.startsWith(METRIC_PREFIX))
    .map(({ name, type }) => `${name.slice(METRIC_PREFIX.length)} ${String(type)}`)
  const documented = tableRows(section(document('docs/monitoring.md'), 'Metrics')).flatMap(
    ([row = '', written = '']) => {
      const types = written.split(', ')
      return row.split(', ').map((name, index) => `${name} ${types[index] ?? types[0] ?? ''}`)
    },
  )
  t.ok(exposed.length > 20)
  t.strictSame([...documented].sort(), [...exposed].sort())
})
