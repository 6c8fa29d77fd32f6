import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { clusterTls, startCluster } from '../e2e/harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { logIn } from '../e2e/harness/logins.ts'
import { launch, startNodeServer } from '../e2e/harness/nodes.ts'
import { startPersonCluster } from '../e2e/harness/person-cluster.ts'
import { USER_KEYS } from '../e2e/harness/person.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { callerOf, personAtHome, runToken, tokenOf } from '../e2e/harness/token.ts'
import { signToken, startAws, USER_CONFIGURATION, userOf, userToken } from '../e2e/harness/webhook.ts'
import { ROLE_ARN, USER } from '../sandbox/aws/example-account.ts'
import { startLinkLocal } from '../sandbox/aws/link-local.ts'

const LIVE_MS = 5_000

function run(t: Test, args: readonly string[], more: Environment = {}): ReturnType<typeof runCommand> {
  const folder = temporaryFolder(t)
  return runCommand(args, { cwd: folder, environment: { ...minimalEnvironment(folder), ...more } })
}

t.test('version prints what eksctl and Homebrew read', async (t) => {
  const { code, stdout, stderr } = await run(t, ['version'])
  t.same({ code, stderr }, { code: 0, stderr: '' })
  t.match(stdout, /^\{"Version":"1\.0\.0","Commit":"[^"]+"\}\n$/)
  t.equal((await run(t, ['version', '-o', 'json'])).stdout, stdout)
  t.equal((await run(t, ['version', '--short', '-o', 'json'])).stdout, '1.0.0\n')
  t.match((await run(t, ['version', '-o', 'yaml'])).stdout, /^version: 1\.0\.0\ncommit: \S+\ndate: ""\n$/)
})

t.test('log levels are accepted in any case, by every command', async (t) => {
  for (const level of ['DEBUG', 'Warning', 'WARN', 'Info', 'tRaCe', 'PANIC']) {
    t.match(await run(t, ['version', '-v', level]), { code: 0, stderr: '' }, level)
  }
  const variable = { AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY: 'Error' }
  t.equal((await run(t, ['init', '-i', 'k8s.local'], variable)).stderr.split('\n').length, 2, 'the banner alone')
})

t.test('an unknown log level is warned about and means info', async (t) => {
  const says = /^time=\S+ level=warning msg="invalid argument for --log-verbosity: .*loud.*panic.*trace; using info"$/m
  for (const command of ['token', 'server', 'init', 'verify', 'version']) {
    t.match((await run(t, [command, '-v', 'loud'])).stderr, says, command)
  }
  t.equal((await run(t, ['version', '-v', 'loud'])).code, 0)
  t.match((await run(t, ['init', '-i', 'k8s.local', '-v', 'loud'])).stderr, /level=info/)
})

t.test('an unknown log format is warned about and means text', async (t) => {
  for (const format of ['logfmt', 'JSON']) {
    const { code, stderr } = await run(t, ['init', '-i', 'k8s.local', '-l', format])
    t.equal(code, 0, format)
    t.match(stderr, new RegExp(`level=warning msg="unknown log format .*${format}.*text, json"`))
    t.match(stderr, /level=info msg=/)
  }
})

t.test('verify takes the region of the instance, as server does', async (t) => {
  const aws = await startAws(t)
  aws.sts.identities.set('AKIACHINA', { ...USER, arn: 'arn:aws-cn:iam::111122223333:user/wei' })
  const host = 'sts.dragon-1.amazonaws.com.cn'
  const token = signToken('AKIACHINA', USER, { region: 'dragon-1', host })
  const instance = await startLinkLocal({
    session: () => {
      throw new Error('nobody asks for credentials')
    },
    region: 'dragon-1',
  })
  t.teardown(() => instance.close())
  const endpoint = { ...aws.environment, AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.url }
  const args = ['verify', '-i', 'k8s.local', '--partition=aws-cn', '-t', token]
  const found = await run(t, args, { ...endpoint, AWS_EC2_METADATA_DISABLED: '' })
  t.match(found, { code: 0, stdout: `STSEndpoint:${host}}` })
  const { length } = instance.requests
  t.ok(length > 0)
  t.match(await run(t, args, endpoint), { code: 1, stderr: /^could not verify token: / }, 'metadata is disabled')
  t.match(await run(t, args, { ...aws.environment, AWS_REGION: 'dragon-1' }), { code: 0 }, 'AWS_REGION')
  t.equal(instance.requests.length, length, 'the instance is asked only if nothing else names the region')
})

t.test('qps or burst of 0 and below is no rate limit', async (t) => {
  for (const [qps, burst] of [
    [0, 5],
    [-1, 5],
    [1, 0],
    [0, 0],
  ]) {
    const aws = await startAws(t)
    const args = [`--ec2-describeInstances-qps=${qps}`, `--ec2-describeInstances-burst=${burst}`]
    const server = await startNodeServer(t, aws, { args })
    const nodes = Array.from({ length: 20 }, () => launch(aws))
    // Each page is a call, so that a limit of one call per second would refuse most of the nodes.
    aws.ec2.pageSize = 1
    const usernames = await Promise.all(nodes.map(({ token }) => logIn(server, token)))
    t.same(
      usernames,
      nodes.map(({ username }) => username),
      args.join(' '),
    )
    await server.stop()
  }
})

t.test('lists of config.yaml may be one text separated by blanks', async (t) => {
  const aws = await startAws(t)
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'map.json'), '{}')
  const lists = [
    '  backendMode: "File  DynamicFile"',
    `  dynamicfilepath: ${join(folder, 'map.json')}`,
    `  scrubbedAccounts: "999999999999 ${USER.accountId}"`,
  ]
  const configuration = `${USER_CONFIGURATION}${lists.join('\n')}\n`
  const server = await startTestServer(t, { aws, configuration })
  t.match(await server.waitForLog(({ msg }) => msg === 'listening'), { backends: ['MountedFile', 'DynamicFile'] })
  const answer = await server.review(userToken())
  t.same(userOf(answer), { username: 'alice', uid: 'aws-iam-authenticator:administrative:alice' })
})

t.test('add at the end of input is an error', async (t) => {
  const cluster = await startPersonCluster(t, {})
  const arn = 'arn:aws:iam::123456789012:role/Admin'
  const args = ['add', 'role', '--username=a', '--groups=b', `--rolearn=${arn}`, '--kubeconfig', cluster.kubeconfig]
  const { code, stdout, stderr } = await cluster.run(args, { input: '' })
  t.same({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /^error reading input: EOF$/m)
  t.same(cluster.writes(), [])
})

t.test('--master alone leads to the API server, without credentials', async (t) => {
  const aws = await startAws(t)
  const data = { mapUsers: `- userarn: ${USER.arn}\n  username: alice\n` }
  const metadata = { name: 'aws-auth', namespace: 'kube-system', resourceVersion: '7', uid: 'u' }
  const credentials: unknown[] = []
  const plain = createServer((request, response) => {
    credentials.push(request.headers.authorization)
    response.writeHead(200, { 'content-type': 'application/json' })
    if (request.url?.includes('watch=') === true) response.flushHeaders()
    else {
      const list = { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '7' } }
      response.end(JSON.stringify({ ...list, items: [{ metadata, data }] }))
    }
  }).listen(0, '127.0.0.1')
  await once(plain, 'listening')
  t.teardown(() => {
    plain.closeAllConnections()
    plain.close()
  })
  const address = plain.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  for (const master of [`http://127.0.0.1:${port}`, `127.0.0.1:${port}`]) {
    const server = await startTestServer(t, { aws, args: ['--backend-mode=EKSConfigMap', `--master=${master}`] })
    await eventually(t, master, 'alice', LIVE_MS, () => logIn(server, userToken()))
    await server.stop()
  }
  t.same(new Set(credentials), new Set([undefined]))

  const { api } = await startCluster(t)
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'ca.pem'), clusterTls.cert)
  const args = ['--backend-mode=EKSConfigMap', `--master=${api.url}`]
  const server = await startTestServer(t, { aws, args, environment: { SSL_CERT_FILE: join(folder, 'ca.pem') } })
  await api.until(() => api.requests.length > 0)
  t.match(api.requests[0], { authorization: false, status: 401 }, 'the certificates of the machine are trusted')
  await server.stop()
})

t.test('feature gates take every boolean of Go', async (t) => {
  for (const [written, files] of [
    ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((value) => [value, 0] as const),
    ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((value) => [value, 3] as const),
  ]) {
    const folder = temporaryFolder(t)
    const state = temporaryFolder(t)
    const configuration = `clusterID: x\nserver: {stateDir: ${state}, generateKubeconfig: ${state}/kubeconfig.yaml}\n`
    writeFileSync(join(state, 'config.yaml'), configuration)
    const gate = `--feature-gates=ConfiguredInitDirectories=${written}`
    const args = ['init', '-c', join(state, 'config.yaml'), gate]
    t.equal((await runCommand(args, { cwd: folder, environment: minimalEnvironment(folder) })).code, 0, written)
    t.equal(readdirSync(folder).length, files, written)
  }
  const wrong = await run(t, ['init', '-i', 'x', '--feature-gates=SSORoleMatch=yes'])
  t.match(wrong, { code: 1, stderr: /SSORoleMatch=true or SSORoleMatch=false/ })
})

t.test('completion without descriptions', async (t) => {
  for (const shell of ['bash', 'fish', 'powershell', 'zsh']) {
    const long = await run(t, ['completion', shell])
    const short = await run(t, ['completion', shell, '--no-descriptions'])
    t.equal(short.code, 0, shell)
    t.equal(short.stdout, long.stdout.replaceAll('__complete', '__completeNoDesc'))
    t.equal((await run(t, ['completion', shell, '--no-descriptions=false'])).stdout, long.stdout)
  }
  t.equal((await run(t, ['__completeNoDesc', ':ver'])).stdout, 'verify\nversion\n')
})

t.test('help about an unknown command is an error', async (t) => {
  const { code, stdout, stderr } = await run(t, ['help', 'nosuch'])
  t.same({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /^Unknown help topic \[`nosuch`\]; run "aws-iam-authenticator --help"\n$/)
})

t.test('help lists the values of a choice', async (t) => {
  const words = async (command: string): Promise<string> =>
    (await run(t, [command, '--help'])).stdout.replaceAll(/\s+/g, ' ')
  const server = await words('server')
  for (const values of [
    'MountedFile, EKSConfigMap, CRD, DynamicFile',
    'aws, aws-cn, aws-us-gov, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f, aws-eusc',
    'text, json',
    'panic, fatal, error, warning, info, debug, trace',
  ]) {
    t.ok(server.includes(values), values)
  }
  t.match(await words('version'), 'json, yaml')
})

t.test('the session name has a default, and three places to set it', async (t) => {
  const aws = await startAws(t)
  const session = async (args: readonly string[], more: Environment = {}): Promise<string> => {
    const person = personAtHome(t, { 'config.yaml': 'sessionName: filed\n' }, USER_KEYS, aws.environment, more)
    const token = tokenOf(t, await runToken(['-r', ROLE_ARN, ...args], person), args.join(' '))
    return (await callerOf(aws, token)).split('/').at(-1) ?? ''
  }
  const variable = { AWS_IAM_AUTHENTICATOR_SESSION_NAME: 'named' }
  t.match(await session([]), /^aws-iam-authenticator-\d{13}$/)
  t.equal(await session(['-s', 'flagged'], variable), 'flagged')
  t.equal(await session([], variable), 'named')
  const both = ['token', '-i', 'k8s.local', '-r', ROLE_ARN, '--forward-session-name']
  t.match(await run(t, both, variable), { code: 1, stderr: /^Error: cannot specify both --forward-session-name/ })
})

t.test('a configuration file of another format is refused with the formats that are read', async (t) => {
  const folder = temporaryFolder(t)
  for (const name of ['file.env', 'config.ini', 'config']) {
    writeFileSync(join(folder, name), 'CLUSTERID=k8s.local\n')
    const args = ['token', '-c', name]
    const { code, stderr } = await runCommand(args, { cwd: folder, environment: minimalEnvironment(folder) })
    t.equal(code, 1, name)
    t.match(
      stderr,
      /^Error: Can't read configuration file .*: its name must end in one of \.yaml, \.yml, \.json, \.toml\n$/,
    )
  }
})
