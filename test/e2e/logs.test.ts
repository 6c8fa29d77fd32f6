import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { finish, minimalEnvironment, spawnCommand, temporaryFolder, type Environment } from './harness/command.ts'
import { parseLogfmt } from './harness/logfmt.ts'
import { valueAt } from './harness/logins.ts'
import { freePort, startTestServer } from './harness/server.ts'
import { addIdentity, refusals, signToken, startAws, USER_CONFIGURATION, userToken } from './harness/webhook.ts'
import { http1, type WireClient } from './harness/wire.ts'

const ACCOUNT = '111122223333'

t.test('a decision has two lines, with the fields that people search for', async (t) => {
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
    arn: `arn:aws:iam::${ACCOUNT}:role/Reader`,
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

interface Logging {
  readonly args?: readonly string[]
  readonly environment?: Environment
  /** More of the configuration file's top level. */
  readonly topLevel?: string
  /** The username that the login is mapped to. */
  readonly username?: string
}

interface Logged {
  readonly stdout: string
  readonly banner: string | undefined
  readonly lines: readonly string[]
}

/** Runs a server with these log settings through a login, a refusal and its end. */
async function logOf(
  t: Test,
  { args = [], environment = {}, topLevel = '', username = 'alice' }: Logging,
): Promise<Logged> {
  const aws = await startAws(t)
  const folder = temporaryFolder(t)
  const [config, kubeconfig] = [join(folder, 'config.yaml'), join(folder, 'kubeconfig')]
  // ASCII JSON, which is YAML as well.
  const quoted = JSON.stringify(username).replace(/[\u007f-\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  const configuration = USER_CONFIGURATION.replace('username: alice', `username: ${quoted}`)
  writeFileSync(config, `${topLevel}${configuration}  unknownKey: 1\n`)
  const port = await freePort()
  const flags = [`--config=${config}`, `--state-dir=${folder}`, `--generate-kubeconfig=${kubeconfig}`, `--port=${port}`]
  const child = spawnCommand(['server', ...flags, ...args], {
    environment: { ...minimalEnvironment(folder), ...aws.environment, AWS_REGION: 'us-east-1', ...environment },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = finish(child)
  const client = await clientOf(t, port, join(folder, 'cert.pem'))
  const login = async (token: string): Promise<void> => {
    const answer = await client.send({ body: JSON.stringify({ spec: { token } }), headers: JSON_BODY })
    t.equal(answer.status, 200)
  }
  await login(userToken())
  await login(userToken({ clusterId: 'other.local' }))
  client.close()
  child.kill('SIGTERM')
  const { code, stdout, stderr } = await ended
  t.equal(code, 0)
  const [banner, ...lines] = stderr.split('\n').filter((line) => line !== '')
  return { stdout, banner, lines }
}

const JSON_BODY = { 'content-type': 'application/json' }

/** A client, once the server listens. */
async function clientOf(t: Test, port: number, certificateFile: string): Promise<WireClient> {
  for (const start = Date.now(); Date.now() - start < 20_000; await setTimeout(50)) {
    const certificate = await readFile(certificateFile, 'utf8').catch(() => '')
    if (certificate === '') continue
    const client = http1({ port, certificate })
    const answer = await client.send({ method: 'GET', path: '/healthz' }).catch(() => undefined)
    if (answer?.text === 'ok') {
      t.teardown(() => client.close())
      return client
    }
    client.close()
  }
  throw new Error('the server does not listen')
}

t.test('the log is on stderr, in logfmt or JSON, with the same keys', async (t) => {
  const text = await logOf(t, {})
  const json = await logOf(t, { args: ['--log-format=json'] })
  for (const { stdout } of [text, json]) t.equal(stdout, '')
  t.match(text.banner, /^Authenticator Version: "\d+\.\d+\.\d+[^"]*", "\w+"$/)
  t.match(JSON.parse(json.banner ?? ''), {
    level: 'info',
    msg: 'Authenticator Version',
    version: /^\d+\.\d+\.\d+/,
    commit: /^\w+$/,
  })
  const parsed = text.lines.map(parseLogfmt)
  const objects = json.lines.map((line) => {
    const read: unknown = JSON.parse(line)
    return new Map<string, unknown>(Object.entries(read ?? {}))
  })
  t.same(
    parsed.map((line) => [line.get('level'), line.get('msg')?.replace(/\/tmp\S+?\//, '')]),
    objects.map((line) => [line.get('level'), String(line.get('msg')).replace(/\/tmp\S+?\//, '')]),
  )
  for (const [index, line] of parsed.entries()) {
    t.same([...line.keys()], [...(objects[index]?.keys() ?? [])], String(line.get('msg')))
    t.same([...line.keys()].slice(0, 3), ['time', 'level', 'msg'])
  }
  const granted = parsed.find((line) => line.get('msg') === 'access granted')
  t.match(Object.fromEntries(granted ?? []), { arn: USER.arn, username: 'alice', session: '', groups: '[]' })
  t.match(
    text.lines.find((line) => line.includes('access denied')),
    /^time="[^"]+" level=warning msg="access denied" /,
  )
})

t.test('the verbosity comes from the flag, else the environment, else the configuration file', async (t) => {
  const levels = async (logging: Logging): Promise<readonly unknown[]> => {
    const { lines } = await logOf(t, logging)
    return [...new Set(lines.map((line) => parseLogfmt(line).get('level')))]
  }
  const topLevel = 'log-verbosity: info\n'
  t.same(
    await levels({ args: ['-v', 'warn'], environment: { AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY: 'info' }, topLevel }),
    ['warning'],
  )
  t.same(await levels({ environment: { AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY: 'warning' }, topLevel }), ['warning'])
  t.same(await levels({ topLevel: 'log-verbosity: warn\n' }), ['warning'])
  t.same(await levels({ args: ['--log-verbosity=error'] }), [])
})

t.test('a name can neither start a line nor control a terminal', async (t) => {
  const odd = 'eve\n{"level"}\r\u001b[31m\u0000\t\u007f\u009b\u2028\u2029 "x\\" level=panic'
  for (const format of ['json', 'text']) {
    const { lines } = await logOf(t, {
      args: [`--log-format=${format}`],
      username: odd,
    })
    const raw = lines.filter((line) => /[\p{Cc}\u2028\u2029]/u.test(line))
    t.equal(raw.length, 0, `${format}: lines with control characters or line separators`)
    const read = lines.map((line): unknown =>
      format === 'json' ? JSON.parse(line) : Object.fromEntries(parseLogfmt(line)),
    )
    t.ok(
      read.some((line) => valueAt(line, 'username') === odd),
      `${format}: what it said can be read`,
    )
  }
})
