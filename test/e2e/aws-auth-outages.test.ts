import { createServer } from 'node:net'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { mostInOneSecond } from './harness/cluster.ts'
import { roleEntry, testFollowing } from './harness/follow.ts'
import { metric } from './harness/server.ts'

const LIVE_MS = 1000
const DROPPED_MS = 3000
const RETRY_MS = 5000
const BACK_MS = 8000

const FILE = `  mapRoles:\n${roleEntry('Filed').replace(/^/gm, '    ')}`

// The servers mostly wait, so they run concurrently.
t.jobs = 4

void testFollowing('a watch that is dropped is resumed', {}, async (t, { api, put, becomes, metrics }) => {
  put({ mapRoles: roleEntry('Dev', 'dev-0') })
  await becomes('Dev', 'dev-0', RETRY_MS, 'before')
  for (const round of [1, 2, 3]) {
    await api.until(() => api.openWatches === 1)
    api.dropWatches()
    put({ mapRoles: roleEntry('Dev', `dev-${round}`) })
    await becomes('Dev', `dev-${round}`, DROPPED_MS, `a change after drop ${round}`)
  }
  const lists = api.requests.filter(({ query }) => !query.has('watch'))
  t.equal(lists.length, 1, 'resumed from where it was, without another list')
  t.equal(metric(await metrics(), 'aws_iam_authenticator_configmap_watch_failures_total'), 3)
  for (let drop = 0; drop < 4; drop += 1) {
    await api.until(() => api.openWatches === 1)
    api.dropWatches()
    await api.until(() => api.openWatches === 0)
  }
  put({ mapRoles: roleEntry('Dev', 'dev-late') })
  await becomes('Dev', 'dev-late', RETRY_MS, 'a change after four drops in a row')
})

for (const answer of ['status', 'event'] as const) {
  void testFollowing(`410 Expired as ${answer} leads to a new list`, {}, async (t, { api, put, becomes, is }) => {
    put({ mapRoles: roleEntry('Dev') + roleEntry('Ops') })
    await becomes('Ops', 'ops', RETRY_MS, 'before')
    await api.until(() => api.openWatches === 1)
    api.dropWatches()
    put({ mapRoles: roleEntry('Dev', 'developer') })
    api.expireHistory(answer)
    await becomes('Dev', 'developer', DROPPED_MS, 'a change that no watch can tell of')
    await is('Ops', 'refused', 'what is gone is gone')
    await api.until(() => api.openWatches === 1)
    api.dropWatches()
    api.deleteConfigMap('kube-system', 'aws-auth')
    api.expireHistory(answer)
    await becomes('Dev', 'refused', DROPPED_MS, 'a deletion that no watch can tell of')
    put({ mapRoles: roleEntry('Dev') })
    await becomes('Dev', 'dev', DROPPED_MS, 'live again')
    t.equal(api.requests.filter(({ query }) => !query.has('watch')).length, 3, 'a list for each of them')
  })

  void testFollowing(
    `every watch is 410 Expired as ${answer}`,
    {
      beforeRequest: ({ query }, api) => {
        if (query.has('watch')) api.expireHistory(answer)
      },
    },
    async (t, { api, put, becomes }) => {
      for (const round of [1, 2, 3]) {
        put({ mapRoles: roleEntry('Dev', `dev-${round}`) })
        await becomes('Dev', `dev-${round}`, DROPPED_MS, `change ${round}, by lists alone`)
      }
      t.ok(api.requests.length < 20, 'and no rush')
    },
  )
}

void testFollowing(
  'a watch that ends at once each time',
  {
    beforeRequest: ({ query }, api) => {
      if (!query.has('watch')) return
      query.set('timeoutSeconds', '0')
      // The closing bookmark then has a new version each time.
      api.putConfigMap('kube-system', 'other', { count: String(api.requests.length) })
    },
  },
  async (t, { api, put, becomes }) => {
    for (const round of [1, 2, 3]) {
      put({ mapRoles: roleEntry('Dev', `dev-${round}`) })
      await becomes('Dev', `dev-${round}`, DROPPED_MS, `change ${round}`)
      await api.until(() => api.requests.length >= 6 * round)
    }
    t.equal(api.requests.filter(({ query }) => !query.has('watch')).length, 1, 'one list')
  },
)

const EXPIRED = '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}'
const rubbish: ReadonlyMap<string, string> = new Map([
  ['half an event', '{"type":"ADDED","object":'],
  ['no object', '{"type":"MODIFIED"}'],
  ['null', 'null'],
  ['a text', '"aws-auth"'],
  ['an unknown type', '{"type":"RENAMED","object":{"data":{}}}'],
  ['an error', '{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd"}}'],
  ['an error 410', EXPIRED],
  ['9 MiB', `{"type":"MODIFIED","object":{"data":{"mapRoles":"${'#'.repeat(9 * 1024 * 1024)}"}}}`],
])

void testFollowing('rubbish in a watch changes nothing and ends no watching', {}, async (_t, follower) => {
  const { api, put, becomes, is } = follower
  put({ mapRoles: roleEntry('Dev', 'dev') })
  await becomes('Dev', 'dev', RETRY_MS, 'before')
  for (const [what, line] of rubbish) {
    await api.until(() => api.openWatches === 1)
    api.sendWatchLine(line)
    await api.until(() => api.openWatches === 0)
    await is('Dev', 'dev', `after ${what} all is as it was`)
    put({ mapRoles: roleEntry('Dev', `'${what}'`) })
    await becomes('Dev', what, DROPPED_MS, `a change after ${what}`)
    put({ mapRoles: roleEntry('Dev', 'dev') })
    await becomes('Dev', 'dev', LIVE_MS, 'a change after that')
  }
  await api.until(() => api.openWatches === 1)
  api.sendBookmarks()
  put({ mapRoles: roleEntry('Dev', 'after a bookmark') })
  await becomes('Dev', 'after a bookmark', LIVE_MS, 'a bookmark is no change')
})

void testFollowing('an API server that goes away for 5 s and comes back', {}, async (t, follower) => {
  const { api, put, becomes, is, server, metrics } = follower
  put({ mapRoles: roleEntry('Dev') })
  await becomes('Dev', 'dev', RETRY_MS, 'before')
  await api.goAway()
  const attempts: number[] = []
  const door = createServer((socket) => {
    attempts.push(Date.now())
    socket.destroy()
  }).listen(api.port, api.host)
  await once(door, 'listening')
  await setTimeout(5000)
  await is('Dev', 'dev', 'the last good state is in force')
  await is('Ops', 'refused', 'and refuses too')
  t.ok(attempts.length > 0 && mostInOneSecond(attempts) <= 10, `${attempts.length} attempts to connect meanwhile`)
  t.ok((metric(await metrics(), 'aws_iam_authenticator_configmap_watch_failures_total') ?? 0) > 0)
  t.ok(
    server.log().some(({ level, error }) => level === 'warning' && error !== undefined),
    'the log says so',
  )
  door.close()
  await once(door, 'close')
  put({ mapRoles: roleEntry('Dev', 'changed-meanwhile') })
  await api.comeBack()
  await becomes('Dev', 'changed-meanwhile', BACK_MS, 'back')
  put({ mapRoles: roleEntry('Dev', 'dev') })
  await becomes('Dev', 'dev', LIVE_MS, 'live again')
})

for (const backends of ['EKSConfigMap,MountedFile', 'MountedFile,EKSConfigMap']) {
  void testFollowing(
    `an API server that is away at the start, ${backends}`,
    { backends, server: FILE, before: ({ api }) => api.goAway() },
    async (_t, { api, put, becomes, is }) => {
      await is('Dev', 'status 503', 'nobody knows about Dev, which is no verdict')
      await is('Filed', 'filed', 'the file is in force')
      await setTimeout(2500)
      put({ mapRoles: roleEntry('Dev') })
      await api.comeBack()
      await becomes('Dev', 'dev', BACK_MS, 'there')
      await is('Ops', 'refused', 'now it is a verdict')
      await is('Filed', 'filed', 'the file is in force still')
    },
  )
}

void testFollowing(
  'an API server whose lists fail',
  { backends: 'MountedFile,EKSConfigMap', server: FILE, before: ({ api }) => api.failLists(500) },
  async (_t, { api, put, becomes, is, server }) => {
    put({ mapRoles: roleEntry('Dev') })
    for (const status of [500, 403, 401]) {
      api.failLists(status)
      await server.waitForLog(({ error }) => typeof error === 'string' && error.includes(`status ${status}`))
      await is('Dev', 'status 503', `${status}: nobody knows about Dev`)
      await is('Filed', 'filed', `${status}: the file is in force`)
    }
    api.failLists(undefined)
    await becomes('Dev', 'dev', BACK_MS, 'the list succeeds')
    await api.until(() => api.openWatches === 1)
  },
)

void testFollowing('an API server that hangs', {}, async (t, { api, put, becomes, is }) => {
  put({ mapRoles: roleEntry('Dev') })
  await becomes('Dev', 'dev', RETRY_MS, 'before')
  const release = api.holdResponses()
  api.dropWatches()
  put({ mapRoles: roleEntry('Dev', 'developer') })
  const { length } = api.requests
  await api.until(() => api.requests.length > length)
  await is('Dev', 'dev', 'logins are not held up')
  release()
  await becomes('Dev', 'developer', LIVE_MS, 'released')
  t.equal(api.openWatches, 1)
})

void testFollowing(
  'a token that is rotated is read anew',
  {},
  async (t, { api, put, becomes, is, cluster, server }) => {
    put({ mapRoles: roleEntry('Dev') })
    await becomes('Dev', 'dev', RETRY_MS, 'before')
    cluster.revokeToken()
    cluster.refreshTokenFile()
    await api.until(() => api.openWatches === 1)
    api.dropWatches()
    put({ mapRoles: roleEntry('Dev', 'rotated') })
    await becomes('Dev', 'rotated', DROPPED_MS, 'the next watch has the new token')
    t.notOk(
      api.requests.some(({ status }) => status === 401),
      'the old one was not tried',
    )
    cluster.revokeToken()
    api.dropWatches()
    await server.waitForLog(({ error }) => typeof error === 'string' && error.includes('status 401'))
    await is('Dev', 'rotated', 'the last good state is in force while the token is invalid')
    cluster.refreshTokenFile()
    put({ mapRoles: roleEntry('Dev', 'rotated-late') })
    await becomes('Dev', 'rotated-late', RETRY_MS, 'the new token, late')
  },
)
