import { createLog, LOG_LEVELS, type LogFormat, type LogLevel } from '@aws-iam-authenticator/core'
import { test } from 'tap'

const now = (): Date => new Date('2026-03-01T12:00:00.123Z')

function logTo(lines: string[], format: LogFormat, level: LogLevel) {
  return createLog({ format, level, now, write: (line) => lines.push(line) })
}

void test('a line of text is logfmt: values with other characters are quoted, undefined ones left out', async (t) => {
  const lines: string[] = []
  const fields = {
    arn: 'arn:x',
    path: '/authenticate',
    groups: ['a', 'b'],
    count: 2,
    ok: true,
    none: undefined,
    empty: '',
  }
  logTo(lines, 'text', 'info').info('access granted', fields)
  t.same(lines, [
    'time="2026-03-01T12:00:00Z" level=info msg="access granted" arn="arn:x" path=/authenticate groups="[a b]" count=2 ok=true empty=""\n',
  ])
})

void test('a line of JSON has the same keys', async (t) => {
  const lines: string[] = []
  logTo(lines, 'json', 'info').warn('access denied', { error: 'x "y"', groups: ['a'] })
  t.same(JSON.parse(lines.join()), {
    time: '2026-03-01T12:00:00Z',
    level: 'warning',
    msg: 'access denied',
    error: 'x "y"',
    groups: ['a'],
  })
})

void test('no value can end its line or begin another field', async (t) => {
  for (const format of ['text', 'json'] as const) {
    const lines: string[] = []
    logTo(lines, format, 'info').info('m', { session: 'a\nlevel=info msg="access granted"\r\u001b[2K\0' })
    t.match(lines.join(), /^[\x20-\x7e]+\n$/)
  }
})

void test('the level decides what is written', async (t) => {
  const counts = LOG_LEVELS.map((level) => {
    const lines: string[] = []
    const log = logTo(lines, 'text', level)
    log.error('e')
    log.warn('w')
    log.info('i')
    log.debug('d')
    return [level, lines.length]
  })
  t.same(counts, [
    ['panic', 0],
    ['fatal', 0],
    ['error', 1],
    ['warning', 2],
    ['info', 3],
    ['debug', 4],
    ['trace', 4],
  ])
})
