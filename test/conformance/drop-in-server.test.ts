import { once } from 'node:events'
import { get } from 'node:https'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { minimalEnvironment, runCommand, spawnCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { parseExposition } from '../e2e/harness/exposition.ts'
import { parseLogfmt } from '../e2e/harness/logfmt.ts'
import { roleArn, roleToken } from '../e2e/harness/logins.ts'
import { freePort, startTestServer, type TestServer } from '../e2e/harness/server.ts'
import { callerOf, personAtHome, runToken, tokenOf } from '../e2e/harness/token.ts'
import { startAws, USER_CONFIGURATION, userToken } from '../e2e/harness/webhook.ts'
import { http1, http2 } from '../e2e/harness/wire.ts'
import { ROLE_ARN, USER, USER_KEY_ID } from '../sandbox/aws/example-account.ts'
import type { SandboxAws } from '../sandbox/aws/sandbox.ts'

const ROLE_CONFIGURATION = `clusterID: k8s.local\nserver:\n  mapRoles: [{rolearn: "${roleArn('Dev')}", username: dev}]\n`
/** The value of the field `arn` in each line of a login. The reference has the session's in the first line alone. */
const ARNS = [
  ['STS response', 'arn:aws:sts::111122223333:assumed-role/Dev/alice'],
  ['access granted', roleArn('Dev')],
  ['access granted', roleArn('Dev')],
  ['STS response', 'arn:aws:sts::111122223333:assumed-role/Nobody/alice'],
  ['access denied', roleArn('Nobody')],
] as const

/** Logs in twice with one token, which is remembered then, and once as someone who is not mapped. */
async function logins(aws: SandboxAws, review: (token: string) => Promise<unknown>): Promise<void> {
  const token = roleToken(aws, 'Dev')
  for (const each of [token, token, roleToken(aws, 'Nobody')]) await review(each)
}

t.test('arn is that of the session in STS response, and the canonical one in the decision: JSON', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: ROLE_CONFIGURATION })
  await logins(aws, (token) => server.review(token))
  await server.waitForLog(({ msg }) => msg === 'access denied')
  const lines = server.log().filter(({ path }) => path === '/authenticate')
  t.same(
    lines.map((line) => [line['msg'], line['arn']]),
    ARNS,
  )
})

/** Starts a server that logs text, and waits until it listens. */
async function startTextServer(
  t: Test,
  aws: SandboxAws,
): Promise<{ readonly review: (token: string) => Promise<unknown>; readonly output: () => string }> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const [config, kubeconfig] = [join(folder, 'config.yaml'), join(folder, 'kubeconfig')]
  writeFileSync(config, ROLE_CONFIGURATION)
  const flags = [`--config=${config}`, `--state-dir=${folder}`, `--generate-kubeconfig=${kubeconfig}`, `--port=${port}`]
  const environment = { ...minimalEnvironment(folder), ...aws.environment, AWS_REGION: 'us-east-1' }
  const child = spawnCommand(['server', ...flags], { environment })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  while (!output.includes('msg=listening')) await once(child.stderr, 'data')
  const client = http1({ port, certificate: readFileSync(join(folder, 'cert.pem'), 'utf8') })
  t.teardown(() => client.close())
  const headers = { 'content-type': 'application/json' }
  const review = (token: string): Promise<unknown> =>
    client.send({ body: JSON.stringify({ spec: { token } }), headers })
  return { review, output: () => output }
}

t.test('arn is that of the session in STS response, and the canonical one in the decision: text', async (t) => {
  const aws = await startAws(t)
  const { review, output } = await startTextServer(t, aws)
  await logins(aws, review)
  while (!output().includes('access denied')) await new Promise((resolve) => setTimeout(resolve, 10))
  const lines = output()
    .split('\n')
    .filter((line) => line.includes(' path=/authenticate '))
    .map(parseLogfmt)
  t.same(
    lines.map((line) => [line.get('msg'), line.get('arn')]),
    ARNS,
  )
})

interface Scraped {
  readonly encoding: string | undefined
  readonly type: string | undefined
  readonly body: Buffer
}

function scrape({ port, certificate }: TestServer, acceptEncoding: string | undefined): Promise<Scraped> {
  const headers = acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding }
  const place = { host: '127.0.0.1', port, path: '/metrics', ca: certificate, servername: 'localhost', agent: false }
  return new Promise((resolve, reject) => {
    get({ ...place, headers }, (answer) => {
      const { 'content-encoding': encoding, 'content-type': type } = answer.headers
      buffer(answer).then((body) => resolve({ encoding, type, body }), reject)
    }).once('error', reject)
  })
}

/** Whether promhttp compresses for this Accept-Encoding: it offers identity, then gzip, and the first of the best wins. */
const ENCODINGS: readonly (readonly [accept: string | undefined, compressed: boolean])[] = [
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['gzip, deflate, br', true],
  ['deflate,gzip', true],
  ['gzip;q=0.5', true],
  ['identity;q=0.5, gzip;q=1', true],
  ['identity;q=0, gzip;q=0.1', true],
  ['*;q=0.1, gzip', true],
  ['identity', false],
  ['identity, gzip', false],
  ['gzip, identity', false],
  ['identity;q=1, gzip;q=0.5', false],
  ['gzip;q=0', false],
  ['gzip;q=rubbish', false],
  ['*', false],
  ['br, zstd', false],
  [','.repeat(4_000), false],
]

t.test('metrics are compressed for clients that prefer gzip', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  await server.review(userToken())
  for (const [accept, compressed] of ENCODINGS) {
    const name = `Accept-Encoding: ${accept ?? 'none'}`
    const { encoding, type, body } = await scrape(server, accept)
    t.equal(encoding, compressed ? 'gzip' : undefined, name)
    t.match(type, /^text\/plain; version=0\.0\.4; charset=utf-8/, name)
    const text = (compressed ? gunzipSync(body) : body).toString()
    t.ok(parseExposition(text).has('aws_iam_authenticator_authenticate_latency_seconds'), name)
    if (compressed) t.ok(body.length < text.length / 4, `${name}: ${body.length} of ${text.length} bytes`)
  }
  const many = await Promise.all(Array.from({ length: 50 }, () => scrape(server, 'gzip')))
  for (const { body } of many) t.match(gunzipSync(body).toString(), /^# HELP /)
  const head = await server.request({ path: '/metrics', method: 'HEAD', headers: { 'accept-encoding': 'gzip' } })
  t.match(head, { status: 200, headers: { 'content-encoding': 'gzip' }, text: '' })
})

/** The help texts of pkg/metrics, and those of the collector for processes of Prometheus' Go client. */
const HELP: Readonly<Record<string, string>> = {
  aws_iam_authenticator_authenticate_latency_seconds: 'Authenticate call latency',
  aws_iam_authenticator_configmap_watch_failures_total: 'EKS Configmap watch failures',
  aws_iam_authenticator_dynamicfile_failures_total: 'Dynamic file failures',
  aws_iam_authenticator_sts_connection_failures_total: 'Sts call could not succeed or timedout',
  aws_iam_authenticator_sts_throttling_total: 'Sts call got throttled',
  aws_iam_authenticator_sts_responses_total: 'Sts responses with error code label',
  aws_iam_authenticator_ec2_describe_instances_calls_total: 'Number of EC2 describe instances calls.',
  aws_iam_authenticator_dynamic_e2e_latency_seconds: 'End to end latency in seconds partitioned by type.',
  aws_iam_authenticator_dynamic_file_enabled: 'Dynamic file in backend mode is enabled',
  aws_iam_authenticator_dynamic_file_only: 'Only dynamic file in backend mode is enabled',
  process_cpu_seconds_total: 'Total user and system CPU time spent in seconds.',
  process_open_fds: 'Number of open file descriptors.',
  process_max_fds: 'Maximum number of open file descriptors.',
  process_virtual_memory_bytes: 'Virtual memory size in bytes.',
  process_resident_memory_bytes: 'Resident memory size in bytes.',
  process_start_time_seconds: 'Start time of the process since unix epoch in seconds.',
}

t.test('metrics have the help texts of the reference', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws })
  const families = parseExposition((await server.request({ path: '/metrics' })).text)
  for (const [name, help] of Object.entries(HELP)) t.equal(families.get(name)?.help, help, name)
})

/** What Go's `http.Error` sends. */
const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }

t.test('a request that is no TokenReview gets the answer of the reference, byte for byte', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws })
  for (const client of [http1(server), http2(server)]) {
    t.teardown(() => client.close())
    for (const body of ['', '{', '[]', '{"kind":"Pod"}', '{"spec":{"token":1}}']) {
      const text = 'expected a request body to be a TokenReview\n'
      t.match(await client.send({ body }), { status: 400, headers: TEXT, text }, body)
    }
    t.match(await client.send({ method: 'PUT' }), { status: 405, headers: TEXT, text: 'expected POST\n' })
  }
  const { error } = await server.waitForLog(({ reason }) => reason === 'malformed_request')
  t.match(error, /^expected a request body to be a TokenReview: /, 'the log has the details')
})

const KEYS = `aws_access_key_id = ${USER_KEY_ID}\naws_secret_access_key = ${USER.secretAccessKey}\n`
const PROCESS = JSON.stringify({ Version: 1, AccessKeyId: USER_KEY_ID, SecretAccessKey: USER.secretAccessKey })

/** Headers of the config file, and the name of the profile. The AWS CLI reads all but the last three, the Go SDK those alone. */
const CONFIG_HEADERS: readonly (readonly [header: string, profile: string])[] = [
  ['[profile "name with blanks"]', 'name with blanks'],
  ["[profile 'x']", 'x'],
  ['[profile \'it is "so"\']', 'it is "so"'],
  ['[profile "with \\"escapes\\" \\\\"]', 'with "escapes" \\'],
  ['[profile escaped\\ blank]', 'escaped blank'],
  ['[profile in"side a "word]', 'inside a word'],
  ['[profile "a #b"] # c', 'a #b'],
  ['[profile "a ; ]b"]', 'a ; ]b'],
  ['[profile c;d]', 'c;d'],
  ['[profile\ttabbed]', 'tabbed'],
  ['[profile 100%]', '100%'],
  ['[profile Grüße]', 'Grüße'],
  ['[profile constructor]', 'constructor'],
  ['[profile __proto__]', '__proto__'],
  ['[profile two words]', 'two words'],
  ["[profile John's]", "John's"],
  ['[ profile padded ]', 'padded'],
]

/** Headers of the credentials file, in which the AWS CLI and the Go SDK take all between the brackets as the name. */
const CREDENTIALS_HEADERS: readonly (readonly [header: string, profile: string])[] = [
  ['[two words]', 'two words'],
  ['[name with blanks]', 'name with blanks'],
  ['["quoted name"]', '"quoted name"'],
  ['[constructor]', 'constructor'],
]

/** The config file with a first profile, whose settings no other profile may get, and a profile for each header. */
function sectionsOf(headers: readonly (readonly [string, string])[], body: string): string {
  return `[default]\noutput = json\n${headers.map(([header]) => `${header}\n${body}`).join('')}`
}

t.test('a profile has the name that the AWS CLI reads', async (t) => {
  const aws = await startAws(t)
  const files = {
    '.aws/config': sectionsOf(CONFIG_HEADERS, KEYS),
    '.aws/tool': sectionsOf(CONFIG_HEADERS, 'credential_process = cat HOME/answer.json\n'),
    '.aws/none': '',
    '.aws/keys': sectionsOf(CREDENTIALS_HEADERS, KEYS),
    'answer.json': PROCESS,
  }
  const run = async (config: string, credentials: string, profile: string): Promise<void> => {
    const person = personAtHome(t, files, aws.environment)
    const named = (name: string): string => join(person['HOME'] ?? '', '.aws', name)
    const environment = { AWS_CONFIG_FILE: named(config), AWS_SHARED_CREDENTIALS_FILE: named(credentials) }
    const ran = await runToken([], { ...person, ...environment, AWS_PROFILE: profile })
    t.equal(await callerOf(aws, tokenOf(t, ran, `${profile} in ${config}`)), USER.arn, `${profile} in ${config}`)
  }
  for (const [, profile] of CONFIG_HEADERS) {
    await run('config', 'none', profile)
    await run('tool', 'none', profile)
  }
  for (const [, profile] of CREDENTIALS_HEADERS) await run('none', 'keys', profile)
})

t.test('a profile whose name has blanks can be the source of a role', async (t) => {
  const aws = await startAws(t)
  const config = `[profile "the role"]\nrole_arn = ${ROLE_ARN}\nsource_profile = the keys\nrole_session_name = blanks\n`
  const files = {
    '.aws/config': `${config}[profile 'the keys']\nregion = eu-west-1\n`,
    '.aws/credentials': `[the keys]\n${KEYS}`,
  }
  const person = personAtHome(t, files, aws.environment, { AWS_PROFILE: 'the role' })
  const session = 'arn:aws:sts::111122223333:assumed-role/Reader/blanks'
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], person), 'chain')), session)
})

t.test('errors name a profile as its file does, and as a shell reads it', async (t) => {
  const aws = await startAws(t)
  const sso = 'sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n'
  const config = [
    `[profile "it's mine"]\n${sso}sso_account_id = 111122223333\nsso_role_name = Dev\n`,
    '[profile "no answer"]\ncredential_process = echo rubbish\n',
    '[profile "no settings"]\nrole_arn = arn:aws:iam::111122223333:role/Dev\n',
  ]
  const rows: readonly (readonly [profile: string, says: RegExp])[] = [
    ['no anwser', /names profile "no anwser" \(did you mean no answer\?\)/],
    ["it's mine", /^could not get token: .*run "aws sso login --profile 'it'\\''s mine'"/],
    ['no answer', /credential_process of profile "no answer" failed: .*no answer/],
    ['no settings', /profile "no settings" can't be used: .*\bno settings\b/],
  ]
  for (const [profile, says] of rows) {
    const person = personAtHome(t, { '.aws/config': config.join('') }, aws.environment, { AWS_PROFILE: profile })
    const { code, stderr } = await runToken([], person)
    t.equal(code, 1, profile)
    t.match(stderr, says)
    t.notMatch(stderr, /%20|%6e/)
  }
})

t.test('kubeconfig writes a profile whose name has blanks, and the plugin finds it', async (t) => {
  const aws = await startAws(t)
  const person = personAtHome(t, { '.aws/config': `[profile "name with blanks"]\n${KEYS}` }, aws.environment)
  const file = join(person['HOME'] ?? '', 'config')
  const args = ['kubeconfig', '-i', 'k8s.local', `--kubeconfig=${file}`, '--profile', 'name with blanks']
  t.match(await runCommand(args, { environment: person }), { code: 0 })
  const [, value = ''] = /- name: AWS_PROFILE\n +value: (.*)/.exec(readFileSync(file, 'utf8')) ?? []
  t.equal(value, 'name with blanks')
  t.equal(await callerOf(aws, tokenOf(t, await runToken([], { ...person, AWS_PROFILE: value }), 'plugin')), USER.arn)
})
