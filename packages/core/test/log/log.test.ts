import { createLog, LOG_LEVELS, repeatedFields, type LogFormat, type LogLevel } from '../../src/log/log.ts'
import { test } from 'tap'

const now = (): Date => new Date('2026-03-01T12:00:00.123Z')

function logTo(lines: string[], format: LogFormat, level: LogLevel) {
  return createLog({ format, level, now, write: (line) => lines.push(line) })
}

void test('a text line is logfmt: special values are quoted, undefined ones left out', async (t) => {
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

void test('a JSON line has the same keys', async (t) => {
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

void test('no value can end its line or start another field', async (t) => {
  for (const format of ['text', 'json'] as const) {
    const lines: string[] = []
    logTo(lines, format, 'info').info('m', { session: 'a\nlevel=info msg="access granted"\r\u001b[2K\0' })
    t.match(lines.join(), /^[\x20-\x7e]+\n$/)
  }
})

void test('the level decides which lines are written', async (t) => {
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

void test('fields keep their order, and repeated ones look the same each time', async (t) => {
  for (const format of ['text', 'json'] as const) {
    const lines: string[] = []
    const log = logTo(lines, format, 'info')
    const who = { arn: 'arn:x', groups: ['a'] }
    const repeated = repeatedFields({ ...who })
    for (const fields of [who, repeated, repeated]) log.info('m', { path: '/a' }, fields, { n: 1 })
    t.equal(new Set(lines).size, 1, format)
    t.match(
      lines[0],
      format === 'text' ? ' path=/a arn="arn:x" groups="[a]" n=1\n' : '"path":"/a","arn":"arn:x","groups":["a"],"n":1}',
    )
  }
})

void test('each line has the time in seconds', async (t) => {
  const lines: string[] = []
  let at = 0
  const log = createLog({ format: 'text', level: 'info', now: () => new Date(at), write: (line) => lines.push(line) })
  for (at of [0, 999, 1000, 2500]) log.info('m')
  t.same(
    lines.map((line) => /^time="1970-01-01T00:00:0(\d)Z" level=info msg=m\n$/.exec(line)?.[1]),
    ['0', '0', '1', '2'],
  )
})

void test('quotes and backslashes are escaped within quotes', async (t) => {
  const lines: string[] = []
  logTo(lines, 'text', 'info').info('m', { a: 'x\\y', b: 'say "x"', c: 'é ü', d: '~ }{|', e: 'a=b' })
  t.match(lines.join(), 'a="x\\\\y" b="say \\"x\\"" c="é ü" d="~ }{|" e="a=b"\n')
})
