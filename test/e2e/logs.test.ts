import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { USER } from '../sandbox/aws/example-account.ts'
import { finish, minimalEnvironment, spawnCommand, temporaryFolder } from './harness/command.ts'
import { parseLogfmt } from './harness/logfmt.ts'
import { freePort, startTestServer } from './harness/server.ts'
import { addIdentity, refusals, signToken, startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'

const ACCOUNT = '111122223333'
const LEVELS = ['panic', 'fatal', 'error', 'warning', 'info', 'debug', 'trace']

function levelsOf(lines: readonly Readonly<Record<string, unknown>>[]): readonly unknown[] {
  return [...new Set(lines.map(({ level }) => level))]
}

t.test('a decision is two lines, with the fields that people search for', async (t) => {
  const aws = await startAws(t)
  const configuration = `
clusterID: k8s.local
server:
  mapRoles:
    - rolearn: arn:aws:iam::${ACCOUNT}:role/Reader
      username: reader:{{SessionName}}
      groups: [readers, "team {{AccountID}}"]
`
  const server = await startTestServer(t, { aws, configuration })
  const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/Reader/eve`
  const [accesskeyid, identity] = addIdentity(aws, { accountId: ACCOUNT, arn, userId: 'AROAREADER:eve' })
  await server.review(signToken(accesskeyid, identity))
  const granted = await server.waitForLog(({ msg }) => msg === 'access granted')
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
  const origin = { time, level: 'info', path: '/authenticate', client: /^127\.0\.0\.1:\d+$/, method: 'POST' }
  const who = {
    arn,
    accountid: ACCOUNT,
    accesskeyid,
    userid: 'AROAREADER',
    session: 'eve',
    stsendpoint: 'sts.us-east-1.amazonaws.com',
  }
  t.match(
    server.log().find(({ msg }) => msg === 'STS response'),
    { ...origin, msg: 'STS response', ...who },
  )
  t.match(granted, {
    ...origin,
    ...who,
    username: 'reader:eve',
    uid: `aws-iam-authenticator:${ACCOUNT}:AROAREADER`,
    groups: ['readers', `team ${ACCOUNT}`],
  })

  await server.review(userToken())
  const [denied] = await refusals(server, 1)
  t.match(denied, {
    ...origin,
    level: 'warning',
    msg: 'access denied',
    arn: USER.arn,
    accountid: ACCOUNT,
    userid: USER.userId,
    reason: 'not_mapped',
    error: /^identity is not mapped/,
  })
  await server.stop()
  const decisions = server.log().filter(({ path }) => path === '/authenticate')
  t.same(
    decisions.map(({ msg }) => msg),
    ['STS response', 'access granted', 'STS response', 'access denied'],
  )
})

/** Runs a server that logs as it is told, through one login, one refusal and its end; gives what it wrote. */
async function logOf(t: Test, ...args: readonly string[]): Promise<{ readonly stdout: string; readonly lines: string[] }> {
  const aws = await startAws(t)
  const folder = temporaryFolder(t)
  const config = join(folder, 'config.yaml')
  writeFileSync(config, `${USER_CONFIGURATION}  unknownKey: 1\n`)
  const flags = [`--config=${config}`, `--state-dir=${folder}`, `--generate-kubeconfig=${join(folder, 'kubeconfig')}`]
  const environment = { ...minimalEnvironment(folder), ...aws.environment, AWS_REGION: 'us-east-1' }
  // A port that is taken fails the start, and the end is logged by every level but the lowest.
  const child = spawnCommand(['server', ...flags, `--port=${await freePort()}`, ...args], { environment })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = finish(child)
  // The webhook kubeconfig is there a moment before the server listens.
  await untilHealthy(folder, flags, child.pid)
  child.kill('SIGTERM')
  const { code, stdout, stderr } = await ended
  t.equal(code, 0)
  return { stdout, lines: stderr.split('\n').filter((line) => line !== '') }
}
