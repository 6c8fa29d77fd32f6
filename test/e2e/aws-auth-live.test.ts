import type { Test } from 'tap'
import { eventually } from './harness/eventually.ts'
import { roleEntry, testFollowing, type Follower } from './harness/follow.ts'
import { logIn, tokenOf } from './harness/logins.ts'
import { metric, type LogLine } from './harness/server.ts'

const LIVE_MS = 1000
const USER = 'arn:aws:iam::111122223333:user/bob'

const bob = (username: string): string => `- userarn: ${USER}\n  username: ${username}\n`

function linesAbout(follower: Follower, text: string): readonly LogLine[] {
  return follower.server.log().filter(({ msg }) => typeof msg === 'string' && msg.includes(text))
}

function mappingErrors(metrics: string): number | undefined {
  return metric(metrics, 'aws_iam_authenticator_mapping_errors', { source: 'kube-system/aws-auth' })
}

async function userBecomes(t: Test, { aws, server }: Follower, expected: string, what: string): Promise<void> {
  const token = tokenOf(aws, USER)
  await eventually(t, what, expected, LIVE_MS, () => logIn(server, token))
}

await testFollowing('aws-auth comes, changes, is emptied and goes while the server runs', {}, async (t, follower) => {
  const { api, put, becomes } = follower
  await becomes('Dev', 'refused', LIVE_MS, 'without aws-auth nobody is mapped, which is a verdict')
  put({ mapRoles: roleEntry('Dev') })
  await becomes('Dev', 'dev', LIVE_MS, 'added')
  put({ mapRoles: roleEntry('Dev', 'developer') })
  await becomes('Dev', 'developer', LIVE_MS, 'changed')
  for (const empty of ['', '""', "''", '``', '[]', 'null', ' \n', '# nobody\n']) {
    put({ mapRoles: empty, mapUsers: empty, mapAccounts: empty })
    await becomes('Dev', 'refused', LIVE_MS, `emptied: ${JSON.stringify(empty)}`)
    put({ mapRoles: roleEntry('Dev') })
    await becomes('Dev', 'dev', LIVE_MS, 'filled again')
  }
  put({})
  await becomes('Dev', 'refused', LIVE_MS, 'no data key is left')
  put({ mapRoles: roleEntry('Dev') })
  await becomes('Dev', 'dev', LIVE_MS, 'filled again')
  t.ok(api.deleteConfigMap('kube-system', 'aws-auth'))
  await becomes('Dev', 'refused', LIVE_MS, 'deleted')
  put({ mapRoles: roleEntry('Dev', 'dev-again') })
  await becomes('Dev', 'dev-again', LIVE_MS, 'added again')
  t.equal(mappingErrors(await follower.metrics()), 0)
  t.same(linesAbout(follower, 'aws-auth map'), [], 'nothing was wrong with it')
  t.equal(api.requests.length, 2, 'one list and one watch did it all')
})

await testFollowing(
  'a data key that is broken keeps its last good state; the others follow',
  {},
  async (t, follower) => {
    const { put, becomes, server } = follower
    const good = { mapRoles: roleEntry('Dev'), mapUsers: bob('bob'), mapAccounts: '- "444455556666"\n' }
    put(good)
    await becomes('Dev', 'dev', LIVE_MS, 'all good')
    await userBecomes(t, follower, 'bob', 'all good')

    const broken: readonly (readonly [text: string, place: string])[] = [
      [`${roleEntry('Dev', 'other')}   groups: [\n`, '2:13'],
      ['- rolearn: "arn:aws:iam::111122223333:role/Dev\n', '1:12'],
      ['- rolearn: x\n  groups:\n\t- y\n', '3:1'],
      ['rolearn: arn:aws:iam::111122223333:role/Dev\n', '1:1'],
      ['arn:aws:iam::111122223333:role/Dev', '1:1'],
    ]
    for (const [index, [text, place]] of broken.entries()) {
      const { length } = server.log()
      put({ ...good, mapRoles: text, mapUsers: bob(`bob-${index}`) })
      await userBecomes(t, follower, `bob-${index}`, `mapUsers follows while mapRoles is ${JSON.stringify(text)}`)
      await becomes('Dev', 'dev', LIVE_MS, 'mapRoles keeps what it held')
      const lines = server.log().slice(length)
      const errors = lines.filter(({ level }) => level === 'error').map(({ msg }) => String(msg))
      t.ok(errors[0]?.startsWith(`aws-auth mapRoles:${place}: `), errors[0] ?? 'no error')
      t.equal(new Set(errors).size, errors.length, 'nothing is told twice')
      t.equal(mappingErrors(await follower.metrics()), errors.length)
    }
    put({ ...good, mapRoles: '[', mapUsers: '[', mapAccounts: '[' })
    await eventually(t, 'all three broken', 3, LIVE_MS, async () => mappingErrors(await follower.metrics()))
    await becomes('Dev', 'dev', LIVE_MS, 'mapRoles holds')
    await userBecomes(t, follower, 'bob-4', 'mapUsers holds')
    const account = tokenOf(follower.aws, 'arn:aws:iam::444455556666:user/eve')
    t.equal(await logIn(server, account), 'arn:aws:iam::444455556666:user/eve', 'mapAccounts holds')
    put({ mapRoles: roleEntry('Dev', 'mended') })
    await becomes('Dev', 'mended', LIVE_MS, 'mended')
    t.equal(await logIn(server, account), 'refused', 'a data key that is gone is no typo')
    t.equal(mappingErrors(await follower.metrics()), 0)
  },
)

await testFollowing('one bad entry among good ones takes only itself away', {}, async (t, follower) => {
  const { put, becomes, server } = follower
  const bad: readonly (readonly [entry: string, place: string])[] = [
    ['- username: nobody\n', '3:3: mapRoles[1]: '],
    ['- rolearn: ""\n  username: nobody\n', '3:12: mapRoles[1].rolearn: '],
    ['- rolearn: K8s-Admin\n  username: nobody\n', '3:12: mapRoles[1].rolearn: '],
    ['- rolearn: arn:awz:iam::111122223333:role/Bad\n  username: nobody\n', '3:12: mapRoles[1].rolearn: '],
    ['- rolearn: arn:aws:iam::111122223333:role/Bad\n  username: {{SessionName}}\n', '4:13: mapRoles[1].username: '],
    ['- rolearn: arn:aws:iam::111122223333:role/Bad\n  username: 7\n', '4:13: mapRoles[1].username: '],
    ['- rolearn: arn:aws:iam::111122223333:role/Bad\n  groups: [7]\n', '4:12: mapRoles[1].groups[0]: '],
    ['- rolearn: arn:aws:iam::111122223333:role/Bad\n  roleARN: x\n', '4:12: mapRoles[1].roleARN: '],
    ['- just text\n', '3:3: mapRoles[1]: '],
    ['- 7\n', '3:3: mapRoles[1]: '],
    ['- sso: {permissionSetName: Bad, accountID: "1"}\n  username: nobody\n', '3:44: mapRoles[1].sso.accountID: '],
  ]
  for (const [index, [entry, place]] of bad.entries()) {
    const { length } = server.log()
    put({ mapRoles: `${roleEntry('Dev', `dev-${index}`)}${entry}${roleEntry('Ops', `ops-${index}`)}` })
    await becomes('Ops', `ops-${index}`, LIVE_MS, `the entry after ${JSON.stringify(entry)}`)
    await becomes('Dev', `dev-${index}`, LIVE_MS, 'the entry before it')
    await becomes('Bad', 'refused', LIVE_MS, 'the bad entry')
    const errors = server
      .log()
      .slice(length)
      .filter(({ level }) => level === 'error')
    t.equal(errors.length, 1, 'the error is told once')
    t.match(errors[0]?.['msg'], `aws-auth mapRoles:${place}`)
    t.equal(mappingErrors(await follower.metrics()), 1)
  }
})

await testFollowing('a data key that differs in case loads nothing and is warned about', {}, async (t, follower) => {
  const { put, becomes, server } = follower
  put({ maproles: roleEntry('Dev'), MapUsers: bob('bob'), mapAccount: '- "111122223333"\n' })
  for (const [wrong, right] of [
    ['maproles', 'mapRoles'],
    ['MapUsers', 'mapUsers'],
  ] as const) {
    const line = await server.waitForLog(({ msg }) => typeof msg === 'string' && msg.includes(`data key ${wrong} `))
    t.equal(line['level'], 'warning')
    t.match(line['msg'], right)
  }
  await becomes('Dev', 'refused', LIVE_MS, 'maproles loads nothing')
})

await testFollowing('keys in an entry ignore case, and the later of two entries wins', {}, async (t, follower) => {
  const { put, becomes, server } = follower
  const spellings = ['rolearn', 'roleARN', 'RoleArn', 'roleArn', 'ROLEARN']
  put({
    mapRoles: spellings.map((key, index) => roleEntry(`Role${index}`, `role-${index}`, key)).join(''),
    mapUsers: `- userARN: ${USER}\n  UserName: bob\n  Groups: [a]\n  userID: x\n`,
  })
  await becomes('Role4', 'role-4', LIVE_MS, 'ROLEARN')
  for (const [index, key] of spellings.entries()) await becomes(`Role${index}`, `role-${index}`, LIVE_MS, key)
  await userBecomes(t, follower, 'bob', 'userARN')
  t.same(linesAbout(follower, 'aws-auth map'), [])
  put({ mapRoles: roleEntry('Dev', 'first') + roleEntry('Ops') + roleEntry('DEV', 'second', 'roleARN') })
  await becomes('Dev', 'second', LIVE_MS, 'the later entry')
  const warning = await server.waitForLog(
    ({ msg }) => typeof msg === 'string' && msg.startsWith('aws-auth mapRoles:1:'),
  )
  t.equal(warning['level'], 'warning')
  t.match(warning['msg'], /mapRoles\[2\]/)
})

await testFollowing('account ids are taken as they are written', {}, async (t, { aws, put, server }) => {
  put({ mapAccounts: '- 012345678901\n- 000000000012\n- "044455556666"\n- 111122223333\n- 12345\n' })
  for (const account of ['012345678901', '000000000012', '044455556666', '111122223333']) {
    const arn = `arn:aws:iam::${account}:user/bob`
    const token = tokenOf(aws, arn)
    await eventually(t, `account ${account}`, arn, LIVE_MS, () => logIn(server, token))
  }
  const short = tokenOf(aws, 'arn:aws:iam::000000012345:user/bob')
  t.equal(await logIn(server, short), 'refused', 'no zeros are added to an account id')
  t.match(
    (await server.waitForLog(({ msg }) => String(msg).startsWith('aws-auth mapAccounts:5:3: ')))['level'],
    'error',
  )
})
