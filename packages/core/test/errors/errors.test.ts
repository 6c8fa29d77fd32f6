import { AuthenticatorError, ConfigurationError, FileError } from '../../src/errors/errors.ts'
import type { Problem } from '../../src/errors/problem.ts'
import { test } from 'tap'

void test('every error has class, name, code and cause', async (t) => {
  const cause = new Error('ENOENT')
  const file = new FileError('file_unreadable', 'a.yaml', { cause })
  t.ok(file instanceof AuthenticatorError && file instanceof Error)
  t.match(file, { name: 'FileError', code: 'file_unreadable', cause })
  t.match(new AuthenticatorError('any', 'm'), { name: 'AuthenticatorError', code: 'any', message: 'm' })
})

void test('a configuration error lists its problems with places', async (t) => {
  const location = { source: 'config.yaml', line: 7, column: 5 }
  const problem: Problem = { severity: 'error', location, path: 'server.port', message: 'is no port' }
  const error = new ConfigurationError('bad', [problem])
  t.match(error, { name: 'ConfigurationError', code: 'invalid_configuration', problems: [problem] })
  t.same(error.message.split('\n').length, 2)
  t.match(error.message, 'config.yaml:7:5: server.port:')
  t.same(new ConfigurationError('bad').problems, [])
})
