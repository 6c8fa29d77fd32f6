import { formatProblem } from '../../src/errors/problem.ts'
import { test } from 'tap'

void test('a problem is one line that editors can jump from', async (t) => {
  const location = { source: 'config.yaml', line: 7, column: 5 }
  t.equal(
    formatProblem({ severity: 'error', location, path: 'server.port', message: 'm' }),
    'config.yaml:7:5: server.port: m',
  )
  t.equal(formatProblem({ severity: 'warning', location, path: '', message: 'm' }), 'config.yaml:7:5: m')
})
