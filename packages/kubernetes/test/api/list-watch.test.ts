import { test, type Test } from 'tap'
import { reflect } from '../../src/api/list-watch.ts'
import { scriptedApi, type ScriptedAnswer } from './scripted-api.ts'

const PATH = '/api/v1/namespaces/kube-system/configmaps'
const object = (name: string, resourceVersion: string): unknown => ({ metadata: { name, resourceVersion } })
const list = (resourceVersion: string, ...items: readonly unknown[]): ScriptedAnswer => ({
  body: { kind: 'List', metadata: { resourceVersion }, items },
})
const event = (type: string, of: unknown): unknown => ({ type, object: of })
const watch = (...events: readonly unknown[]): ScriptedAnswer => ({ body: events })

const nameOf = (of: Readonly<Record<string, unknown>>): string => JSON.stringify(of).slice(0, 40)

/** Reflects until the script ends. Returns the notifications and the requests. */
async function play(
  t: Test,
  script: readonly ScriptedAnswer[],
  fieldSelector?: string,
): Promise<{ readonly told: readonly string[]; readonly asked: readonly Readonly<Record<string, string>>[] }> {
  const scripted = scriptedApi(script)
  const told: string[] = []
  const reflector = reflect(
    scripted.api,
    { path: PATH, ...(fieldSelector === undefined ? {} : { selector: { fieldSelector } }) },
    {
      onReplaced: (objects) => told.push(`replaced ${objects.length}`),
      onChanged: (of) => told.push(`changed ${nameOf(of)}`),
      onDeleted: (of) => told.push(`deleted ${nameOf(of)}`),
      onFailed: (message) => told.push(`failed: ${message}`),
    },
  )
  await scripted.until(script.length + 1)
  await reflector.stop()
  const asked = scripted.requests.map(({ path, query, method }) => {
    t.equal(method, 'GET')
    t.equal(path, `/prefix${PATH}`)
    return Object.fromEntries(new URLSearchParams(query))
  })
  return { told, asked }
}

void test('one list, then watches, each from the end of the previous one', async (t) => {
  const { told, asked } = await play(
    t,
    [
      list('7', object('a', '5')),
      watch(
        event('ADDED', object('b', '8')),
        event('MODIFIED', object('b', '9')),
        event('DELETED', object('b', '10')),
        event('BOOKMARK', object('', '12')),
      ),
    ],
    'metadata.name=a',
  )
  t.same(
    told.map((line) => line.split(' ')[0]),
    ['replaced', 'changed', 'changed', 'deleted'],
  )
  t.match(asked[0], { fieldSelector: 'metadata.name=a', limit: '500', watch: undefined })
  t.match(asked[1], {
    fieldSelector: 'metadata.name=a',
    watch: 'true',
    resourceVersion: '7',
    allowWatchBookmarks: 'true',
  })
  t.match(asked[2], { watch: 'true', resourceVersion: '12' })
})

const page = (next: string, name: string): ScriptedAnswer => ({
  body: { metadata: { resourceVersion: '3', continue: next }, items: [object(name, '1')] },
})

void test('a long list comes in pages', async (t) => {
  const { told, asked } = await play(t, [page('more', 'a'), page('', 'b')])
  t.same(told, ['replaced 2'])
  t.equal(asked[0]?.['continue'], undefined)
  t.equal(asked[1]?.['continue'], 'more')
  t.equal(asked[2]?.['watch'], 'true')
})

void test('a list of null items is empty', async (t) => {
  const { told } = await play(t, [{ body: { metadata: { resourceVersion: '3' }, items: null } }])
  t.same(told, ['replaced 0'])
})

void test('an expired version starts again with a list', async (t) => {
  const gone = { code: 410, message: 'too old' }
  const ways: readonly (readonly ScriptedAnswer[])[] = [
    [list('1'), { status: 410, body: gone }, list('9')],
    [list('1'), watch(event('ERROR', gone)), list('9')],
    [{ status: 410, body: gone }, list('9')],
  ]
  for (const { told, asked } of await Promise.all(ways.map((script) => play(t, script)))) {
    t.equal(told.at(-1), 'replaced 0')
    t.equal(told.filter((line) => line.startsWith('failed: ')).length, 1)
    t.equal(asked.at(-1)?.['resourceVersion'], '9')
  }
})

void test('a failed list is reported and retried', async (t) => {
  const failures: readonly (readonly [ScriptedAnswer, RegExp])[] = [
    [{ status: 403, body: { message: 'forbidden for you' } }, /status 403.*forbidden for you/],
    [{ status: 500, body: 'oops' }, /status 500.*no message/],
    [{ body: 'no JSON' }, /the answer is not a list/],
    [{ body: { items: [] } }, /the answer is not a list/],
    [{ body: { metadata: { resourceVersion: '1' }, items: 'x' } }, /the answer is not a list/],
  ]
  await Promise.all(
    failures.map(async ([answer, pattern]) => {
      const { told } = await play(t, [answer, list('1')])
      t.match(told[0], pattern)
      t.match(told[0], /^failed: /)
      t.same(told.slice(1), ['replaced 0'])
    }),
  )
})

void test('a failed watch is reported and resumed', async (t) => {
  const failures: readonly (readonly [ScriptedAnswer, RegExp])[] = [
    ['reset', /./],
    [{ status: 403, body: { message: 'not yours' } }, /watch: status 403: not yours/],
    [{ status: 500, body: 'oops' }, /watch: status 500: no message/],
    [{ body: '{"type":"ADDED","object":\n' }, /./],
    [watch({ type: 'ADDED' }), /no object/],
    [watch(event('INVENTED', object('a', '99'))), /type/],
    [watch(event('ERROR', { code: 500, message: 'etcd is away' })), /etcd is away/],
    [{ body: 'x'.repeat(9 * 1024 * 1024) }, /longer/],
  ]
  await Promise.all(
    failures.map(async ([answer, pattern]) => {
      const { told, asked } = await play(t, [list('4'), answer])
      t.equal(told[0], 'replaced 0')
      t.match(told[1], pattern)
      t.match(told[1], /^failed: /)
      t.equal(told.length, 2)
      t.match(asked[2], { watch: 'true', resourceVersion: '4' })
    }),
  )
})

void test('an event in several chunks is one event', async (t) => {
  const { told } = await play(t, [list('4'), { body: `\n${JSON.stringify(event('ADDED', object('ä€', '5')))}\n\n` }])
  t.equal(told.length, 2)
  t.match(told[1], 'ä€')
})

void test('it stops at once in any state, and reports no failure then', async (t) => {
  for (const script of [[], [list('1')]]) {
    const { told } = await play(t, script)
    t.same(
      told.filter((line) => line.startsWith('failed')),
      [],
    )
  }
})
