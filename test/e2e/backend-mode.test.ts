import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { startAll, type Mode } from './harness/all-backends.ts'
import { LIVE_MS, modeOf, replaceFile, startDynamicServer } from './harness/dynamic.ts'
import { eventually } from './harness/eventually.ts'
import { logIn, roleArn, roleToken } from './harness/logins.ts'

await t.test('backends are added and removed while the server runs', async (t) => {
  const { mode, server, cluster, assertActive, metrics } = await startAll(t, 'MountedFile,DynamicFile')
  const gauges = async (): Promise<unknown> => {
    const read = await metrics()
    return [read('dynamic_file_enabled'), read('dynamic_file_only')]
  }
  await assertActive(['MountedFile', 'DynamicFile'])
  t.same(await gauges(), [1, 0])
  t.equal(cluster.api.requests.length, 0)
  const steps: readonly (readonly [modes: readonly Mode[], watches: number, gauges: readonly number[]])[] = [
    [['DynamicFile'], 0, [1, 1]],
    [['CRD', 'EKSConfigMap'], 2, [0, 0]],
    [['EKSConfigMap'], 1, [0, 0]],
    [['CRD'], 1, [0, 0]],
    [['MountedFile'], 0, [0, 0]],
  ]
  for (const [modes, watches, expected] of steps) {
    writeFileSync(mode, modeOf(modes.join(' ')))
    await assertActive(modes)
    await eventually(t, `${watches} watches`, watches, LIVE_MS, () => cluster.api.openWatches)
    t.same(await gauges(), expected)
  }
  rmSync(mode)
  await assertActive(['MountedFile', 'DynamicFile'])
  writeFileSync(mode, modeOf('File ConfigMap'))
  await assertActive(['MountedFile', 'EKSConfigMap'])
  const line = await server.waitForLog(({ level, msg }) => level === 'warning' && /older name/.test(String(msg)))
  t.match(line['msg'], 'File')
  t.equal((await server.stop()).code, 0)
  t.equal(cluster.api.openWatches, 0)
})

await t.test('a file that exists at the start is active when the server listens', async (t) => {
  const { server, metrics, assertActive } = await startAll(
    t,
    'MountedFile,DynamicFile',
    modeOf('CRD', { Version: '3' }),
  )
  const line = await server.waitForLog(({ msg }) => msg === 'listening')
  t.same(line['backends'], ['CRD'])
  await assertActive(['CRD'])
  const read = await metrics()
  t.equal(read('dynamic_e2e_latency_seconds_count', { type: 'dynamic_backend_mode' }), undefined)
})

await t.test('invalid content keeps the list, and is reported with its place', async (t) => {
  const { mode, assertActive, complaints, metrics } = await startAll(t, 'MountedFile,DynamicFile')
  writeFileSync(mode, modeOf('DynamicFile MountedFile'))
  await assertActive(['DynamicFile', 'MountedFile'])
  const wrong: readonly (readonly [content: string, place: string])[] = [
    ['', ':1:1: '],
    ['{"backendMode": "CRD"', ':1:22: '],
    ['{\n "backendMode": "CRD CRD"}', ':2:17: backendMode: '],
    [modeOf('Crd'), ':1:16: backendMode: '],
    [modeOf('CRD,MountedFile'), ':1:16: backendMode: '],
    [modeOf(''), ':1:16: backendMode: '],
    ['{"backendMode": ["CRD"]}', ':1:17: backendMode: '],
    ['{"Version": "1"}', ':1:1: needs backendMode'],
  ]
  for (const [content, place] of wrong) {
    const [first, last, ...more] = await complaints('error', () => replaceFile(mode, content), 2)
    t.match(first?.['msg'], `${mode}${place}`, content)
    t.match(last?.['msg'], /the previous list of backends stays/)
    t.same(more, [])
    await assertActive(['DynamicFile', 'MountedFile'])
  }
  t.equal((await metrics())('mapping_errors', { source: mode }), 1)
  rmSync(mode)
  mkdirSync(mode)
  await complaints('error', () => undefined)
  await assertActive(['DynamicFile', 'MountedFile'])
  rmSync(mode, { recursive: true })
  await assertActive(['MountedFile', 'DynamicFile'])
  t.equal((await metrics())('mapping_errors', { source: mode }), 0)
})

await t.test('a backend that is not available keeps the list', async (t) => {
  const { mode, complaints, becomes } = await startDynamicServer(t, {
    server: (files) =>
      `  dynamicBackendModePath: ${files.mode}\n  mapRoles: [{rolearn: "${roleArn('Dev')}", username: dev}]\n`,
    args: ['--backend-mode=MountedFile'],
  })
  await becomes('Dev', 'dev', 'the configured list')
  for (const [modes, why] of [
    ['CRD', /not a pod of a cluster.*--kubeconfig/],
    ['MountedFile EKSConfigMap', /not a pod of a cluster.*--kubeconfig/],
    ['DynamicFile', /server\.dynamicfilepath/],
  ] as const) {
    const [line] = await complaints('error', () => replaceFile(mode, modeOf(modes)))
    t.match(line, { msg: /the previous list of backends stays/, error: why })
    await becomes('Dev', 'dev', 'kept')
  }
})

await t.test('logins continue while the list changes, and none fails between two lists', async (t) => {
  const { mode, aws, server, complaints } = await startAll(t, 'MountedFile,DynamicFile')
  const token = roleToken(aws, 'MECD')
  const seen = new Map<string, number>()
  const over = new AbortController()
  const logins = (async () => {
    while (!over.signal.aborted) {
      const told = await logIn(server, token)
      seen.set(told, (seen.get(told) ?? 0) + 1)
    }
  })()
  for (const modes of ['DynamicFile', 'CRD', 'EKSConfigMap', 'MountedFile', 'CRD DynamicFile']) {
    await complaints('info', async () => {
      replaceFile(mode, modeOf(modes))
      await eventually(t, modes, modes.split(' ')[0], LIVE_MS, () => logIn(server, token))
    })
  }
  over.abort()
  await logins
  t.same([...seen.keys()].sort(), ['CRD', 'DynamicFile', 'EKSConfigMap', 'MountedFile'], 'and nobody was refused')
})

await t.test('the latency of a change is a metric', async (t) => {
  const { mode, assertActive, metrics } = await startAll(t, 'MountedFile,DynamicFile', modeOf('MountedFile'))
  await assertActive(['MountedFile'])
  const time = String(Math.floor(Date.now() / 1000) - 7)
  writeFileSync(mode, modeOf('DynamicFile', { LastUpdatedDateTime: time, Version: '2' }))
  await assertActive(['DynamicFile'])
  const read = await metrics()
  const type = { type: 'dynamic_backend_mode' }
  t.equal(read('dynamic_e2e_latency_seconds_count', type), 1)
  t.equal(read('dynamic_e2e_latency_seconds_bucket', { le: '5', ...type }), 0)
  t.equal(read('dynamic_e2e_latency_seconds_bucket', { le: '10', ...type }), 1)
})
