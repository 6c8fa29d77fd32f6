import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand, minimalEnvironment, temporaryFolder } from './harness/command.ts'
import {
  LIVE_MS,
  mapOf,
  replaceFile,
  startDynamicServer,
  type DynamicFiles,
  type DynamicOptions,
} from './harness/dynamic.ts'
import { eventually } from './harness/eventually.ts'
import { logIn, roleArn, roleToken, tokenOf } from './harness/logins.ts'

const followed: DynamicOptions = { server: ({ map }) => `  dynamicfilepath: ${map}\n` }
const strict: DynamicOptions = {
  server: ({ map }) => `  dynamicfilepath: ${map}\n  dynamicfileUserIDStrict: true\n`,
}

/** A time in seconds since the epoch, as a file has it. */
function seconds(ago: number): string {
  return String(Math.floor(Date.now() / 1000) - ago)
}

function entry(username: string, userid: string, rolearn?: string) {
  return { userid, rolearn, username }
}

function putAside(files: DynamicFiles, version: string, content: string): void {
  mkdirSync(join(files.folder, version))
  writeFileSync(join(files.folder, version, 'map.json'), content)
}

function swap({ folder }: DynamicFiles, version: string): void {
  symlinkSync(version, join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
}

await t.test('every kind of file change is active within a second', async (t) => {
  const { becomes, ...files } = await startDynamicServer(t, followed)
  const { map, folder } = files
  const ways: readonly (readonly [what: string, change: (content: string) => void])[] = [
    ['it comes', (content) => writeFileSync(map, content)],
    ['it is written in place', (content) => writeFileSync(map, content)],
    ['it is replaced by rename', (content) => replaceFile(map, content)],
    [
      'it is emptied, and then filled',
      (content) => {
        truncateSync(map)
        writeFileSync(map, content)
      },
    ],
    [
      'it is removed, and there again',
      (content) => {
        rmSync(map)
        writeFileSync(map, content)
      },
    ],
    [
      'its directory is replaced',
      (content) => {
        renameSync(folder, `${folder}.old`)
        mkdirSync(folder)
        writeFileSync(map, content)
      },
    ],
    [
      'it becomes a link into a volume',
      (content) => {
        putAside(files, '..v1', content)
        swap(files, '..v1')
        symlinkSync(join('..data', 'map.json'), `${map}.link`)
        renameSync(`${map}.link`, map)
      },
    ],
    [
      'the link of the volume is swapped',
      (content) => {
        putAside(files, '..v2', content)
        swap(files, '..v2')
      },
    ],
    ['it is written where the link leads', (content) => writeFileSync(join(folder, '..v2', 'map.json'), content)],
  ]
  await becomes('Dev', 'refused', 'a file that is not there maps nobody, which is a verdict')
  for (const [index, [what, change]] of ways.entries()) {
    change(mapOf({ Dev: `dev-${index}` }))
    await becomes('Dev', `dev-${index}`, what)
  }
  rmSync(map)
  await becomes('Dev', 'refused', 'it is gone, and its mappings with it')
  rmSync(folder, { recursive: true })
  mkdirSync(folder)
  writeFileSync(map, mapOf({ Dev: 'back' }))
  await becomes('Dev', 'back', 'it is back in another directory')
})

await t.test('a file that is written slowly keeps the previous state until it is complete', async (t) => {
  const { map, server, aws, becomes, metrics } = await startDynamicServer(t, {
    ...followed,
    before: ({ map: path }) => writeFileSync(path, mapOf({ Dev: 'before' })),
  })
  const token = roleToken(aws, 'Dev')
  t.equal(await logIn(server, token), 'before', 'loaded when the server listens')
  const content = mapOf({ Dev: 'after' })
  const seen = new Set<string>()
  for (let length = 0; length < content.length; length += 20) {
    writeFileSync(map, content.slice(0, length))
    seen.add(await logIn(server, token))
  }
  t.same([...seen], ['before'])
  writeFileSync(map, content)
  await becomes('Dev', 'after', 'whole')
  t.ok((await metrics())('dynamicfile_failures_total') !== undefined)
})

await t.test('any error rejects the whole file, with its place, and keeps the previous state', async (t) => {
  const { map, becomes, complaints, metrics, server } = await startDynamicServer(t, {
    ...followed,
    before: ({ map: path }) => writeFileSync(path, mapOf({ Dev: 'dev' }, { mapAccounts: ['444455556666'] })),
  })
  const good = JSON.stringify({ rolearn: roleArn('Dev'), username: 'other' })
  const wrong: readonly (readonly [content: string, place: string])[] = [
    ['', ':1:1: is not valid JSON'],
    ['{"mapRoles": [\n', ':2:1: is not valid JSON'],
    [`{"mapRoles": [${good},]}`, ':1:83: is not valid JSON'],
    [`mapRoles: [${good}]\n`, ':1:1: is not valid JSON'],
    [`{"mapRoles": [\n  ${good},\n  {"username": "x"}]}`, ':3:3: mapRoles[1]'],
    [`{"mapRoles": [${good}],\n "mapUsers": [{"username": "x"}]}`, ':2:15: mapUsers[0]'],
    [
      '{"mapRoles": [{"sso": {"permissionSetName": "A", "accountID": "111122223333"}}]}',
      ':1:23: mapRoles[0].sso: is not for this file',
    ],
    [`{"mapRoles": [${good}],\n "mapAccounts": [444455556666]}`, ':2:18: mapAccounts[0]'],
    [`{"mapRoles": [${good}],\n "MAPROLES": []}`, ':2:14: MAPROLES: is there twice'],
    ['[]', ':1:1: '],
  ]
  for (const [index, [content, place]] of wrong.entries()) {
    const [first, last, ...more] = await complaints('error', () => replaceFile(map, content), 2)
    t.match(first?.['msg'], `${map}${place}`, content)
    t.match(last?.['msg'], /not loaded: the previous mappings stay/)
    t.same(more, [], 'and is told once')
    await becomes('Dev', 'dev', 'kept')
    t.equal((await metrics())('dynamicfile_failures_total'), index + 1)
  }
  t.equal((await metrics())('mapping_errors', { source: map }), 1)
  rmSync(map)
  mkdirSync(map)
  const [line] = await complaints('error', () => undefined)
  t.match(line?.['msg'], /not loaded/, 'a directory in its place is no deletion')
  await becomes('Dev', 'dev', 'kept')
  rmSync(map, { recursive: true })
  await becomes('Dev', 'refused', 'gone')
  writeFileSync(map, mapOf({ Dev: 'mended' }))
  await becomes('Dev', 'mended', 'mended')
  t.equal((await metrics())('mapping_errors', { source: map }), 0)
  t.equal((await server.stop()).code, 0)
})

await t.test('a file with an error from the start is not a verdict on anyone', async (t) => {
  const { map, becomes } = await startDynamicServer(t, {
    ...followed,
    before: ({ map: path }) => writeFileSync(path, '{'),
  })
  await becomes('Dev', 'status 503', 'wrong')
  writeFileSync(map, mapOf({ Dev: 'dev' }))
  await becomes('Dev', 'dev', 'mended')
})

await t.test('users, accounts, keys in any case, groups and a log line about the loaded mappings', async (t) => {
  const { map, server, aws } = await startDynamicServer(t, followed)
  const user = 'arn:aws:iam::111122223333:user/team/Bob'
  writeFileSync(
    map,
    JSON.stringify({
      version: '42',
      MAPROLES: [{ RoleARN: roleArn('DEV').replace('DEV', 'dev'), UserName: 'dev-{{SessionName}}', Groups: ['a'] }],
      mapusers: [{ userARN: user, username: 'bob' }],
      mapAccounts: ['444455556666'],
    }),
  )
  const line = await server.waitForLog(({ msg }) => msg === `dynamic file ${map} loaded`)
  t.match(line, { level: 'info', version: '42', roles: 1, users: 1, accounts: 1, strict: false })
  t.match((await server.review(roleToken(aws, 'DEV'))).json, {
    status: { user: { username: 'dev-alice', groups: ['a'] } },
  })
  t.equal(await logIn(server, tokenOf(aws, user)), 'bob')
  const eve = 'arn:aws:iam::444455556666:user/eve'
  t.equal(await logIn(server, tokenOf(aws, eve)), eve)
})

await t.test('in strict mode the user id decides, and the ARN must name the same principal', async (t) => {
  const { map, server, aws, complaints } = await startDynamicServer(t, strict)
  const tokens = new Map<string, string>()
  for (const name of ['Own', 'Path', 'NoArn', 'Other', 'Unknown']) tokens.set(name, roleToken(aws, name))
  const idOf = (role: string): string => {
    const found = [...aws.sts.identities.values()].find(({ arn }) => arn.includes(`/${role}/`))
    return found?.userId.split(':')[0] ?? ''
  }
  writeFileSync(
    map,
    JSON.stringify({
      mapRoles: [
        entry('own', idOf('Own'), roleArn('Own')),
        entry('path', idOf('Path'), 'arn:aws:iam::111122223333:role/team/x/Path'),
        entry('no-arn', idOf('NoArn')),
        entry('other', idOf('Other'), roleArn('Own')),
        entry('by-arn', 'AROAELSE', roleArn('Unknown')),
      ],
    }),
  )
  await eventually(t, 'id and ARN', 'own', LIVE_MS, () => logIn(server, tokens.get('Own') ?? ''))
  t.equal(await logIn(server, tokens.get('Path') ?? ''), 'path', 'a path is not compared')
  t.equal(await logIn(server, tokens.get('NoArn') ?? ''), 'no-arn')
  t.equal(await logIn(server, tokens.get('Unknown') ?? ''), 'refused', 'the ARN alone matches nobody')
  const [line] = await complaints('warning', async () => {
    t.equal(await logIn(server, tokens.get('Other') ?? ''), 'refused', 'the ARN of another')
  })
  t.match(line, { reason: 'not_mapped', error: /DynamicFile mapRoles\[3\]: ARN does not match User ID/ })
  const errors = await complaints('error', () => replaceFile(map, mapOf({ Own: 'other' })))
  t.match(errors[0]?.['msg'], /:3:5: mapRoles\[0\]: needs userid/)
})

await t.test('a strict mismatch skips the entry, and a later backend may match', async (t) => {
  const { map, server, aws } = await startDynamicServer(t, {
    server: (files) => `${strict.server(files)}  mapRoles: [{rolearn: "${roleArn('Dev')}", username: mounted}]\n`,
    args: ['--backend-mode=DynamicFile,MountedFile'],
  })
  const token = roleToken(aws, 'Dev')
  const userid = [...aws.sts.identities.values()].find(({ arn }) => arn.includes('/Dev/'))?.userId.split(':')[0]
  writeFileSync(map, JSON.stringify({ mapRoles: [{ userid, username: 'dynamic' }] }))
  await eventually(t, 'mapped by id', 'dynamic', LIVE_MS, () => logIn(server, token))
  writeFileSync(map, JSON.stringify({ mapRoles: [{ userid, rolearn: roleArn('Else'), username: 'dynamic' }] }))
  await eventually(t, 'passed over', 'mounted', LIVE_MS, () => logIn(server, token))
})

await t.test('metrics of the dynamic file', async (t) => {
  const { map, becomes, metrics } = await startDynamicServer(t, {
    ...followed,
    before: ({ map: path }) => writeFileSync(path, mapOf({ Dev: 'first' }, { LastUpdatedDateTime: seconds(100) })),
  })
  const type = { type: 'dynamic_file' }
  const first = await metrics()
  t.equal(first('dynamic_e2e_latency_seconds_count', type), undefined, 'the first load is not counted')
  t.same([first('dynamic_file_enabled'), first('dynamic_file_only'), first('dynamicfile_failures_total')], [1, 1, 0])
  writeFileSync(map, mapOf({ Dev: 'second' }, { LastUpdatedDateTime: seconds(12) }))
  await becomes('Dev', 'second', 'loaded')
  for (const time of ['soon', seconds(-100), undefined]) {
    writeFileSync(map, mapOf({ Dev: `at ${time ?? 'none'}` }, { LastUpdatedDateTime: time }))
    await becomes('Dev', `at ${time ?? 'none'}`, 'loaded')
  }
  const then = await metrics()
  t.equal(then('dynamic_e2e_latency_seconds_count', type), 1, 'a time that is none, or to come, is not counted')
  const buckets = [1, 3, 5, 10, 15, 20, 30, 60]
  const counts = buckets.map((le) => then('dynamic_e2e_latency_seconds_bucket', { le: String(le), ...type }))
  t.same(counts, [0, 0, 0, 0, 1, 1, 1, 1])
})

await t.test('path and mode must be set together', async (t) => {
  const folder = temporaryFolder(t)
  const environment = minimalEnvironment(folder)
  const config = join(folder, 'config.yaml')
  for (const [path, mode] of [
    ['', 'DynamicFile'],
    ['', 'MountedFile,DynamicFile'],
    ['  dynamicfilepath: /tmp/map.json\n', 'MountedFile'],
    ['  dynamicfilepath: /tmp/map.json\n', 'File,ConfigMap'],
  ] as const) {
    const modes = mode.split(',').join(', ')
    writeFileSync(config, `clusterID: k8s.local\nserver:\n  backendMode: [${modes}]\n${path}`)
    for (const command of ['server', 'init']) {
      const { code, stderr } = await runCommand([command, `--config=${config}`], { environment, cwd: folder })
      t.equal(code, 1, `${command}, ${mode}`)
      t.match(stderr, /^Error: .*DynamicFile.*--backend-mode/m)
      t.match(stderr, 'server.dynamicfilepath')
    }
  }
})
