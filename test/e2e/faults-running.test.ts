import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Agent, request } from 'undici'
import { startCluster } from './harness/cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { freePort, startTestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

t.test('a broken or missing configuration changes nothing until the next start', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: `${USER_CONFIGURATION}  tokenCacheTTL: 0\n` })
  const config = join(server.folder, 'config.yaml')
  const before = server.output()
  const spoil = {
    rubbish: () => writeFileSync(config, '\u0000{[rubbish: \n\t- '),
    'an empty file': () => writeFileSync(config, ''),
    'another mapping': () => writeFileSync(config, USER_CONFIGURATION.replace('alice', 'mallory')),
    'no file': () => rmSync(config),
  }
  for (const [what, write] of Object.entries(spoil)) {
    write()
    const answer = await server.review(userToken())
    t.match(answer.json, { status: { authenticated: true, user: { username: 'alice' } } }, what)
    t.match(await server.request({ path: '/readyz' }), { status: 200, text: 'ok' }, what)
  }
  const said = server.output().slice(before.length)
  t.notMatch(said, /"level":"(?:warning|error)"/)
  writeFileSync(config, 'clusterID: k8s.local\nserver: [\n')
  const flags = [`--config=${config}`, `--state-dir=${server.folder}`, `--port=${await freePort()}`]
  const next = await runCommand(['server', ...flags], { environment: minimalEnvironment(server.folder) })
  t.match(next, { code: 1, stdout: '', stderr: /config\.yaml:[23]:\d+/ }, 'the next start says where')
})

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))

for (const address of ['::', '::1']) {
  const skip = hasIpv6 ? false : 'this machine has no IPv6'
  t.test(`status and health over IPv6 if the server listens on ${address}`, { skip }, async (t) => {
    const aws = await startAws(t)
    const health = await freePort()
    const configuration = `${USER_CONFIGURATION}  healthAddress: '[${address}]:${health}'\n`
    const server = await startTestServer(t, { aws, configuration, args: [`--address=${address}`] })
    t.match(await server.waitForLog(({ msg }) => msg === 'listening'), {
      url: `https://[${address}]:${server.port}/authenticate`,
    })
    const agent = new Agent({ connect: { ca: server.certificate, servername: 'localhost' } })
    t.teardown(() => agent.destroy())
    const ask = async (path: string): Promise<readonly [number, string]> => {
      const answer = await agent.request({ origin: `https://[::1]:${server.port}`, path, method: 'GET' })
      return [answer.statusCode, await answer.body.text()]
    }
    t.same(await ask('/healthz'), [200, 'ok'])
    t.same(await ask('/readyz'), [200, 'ok'])
    t.equal((await ask('/status'))[0], 200)
    const plain = await request(`http://[::1]:${health}/livez`, { reset: true })
    t.same([plain.statusCode, await plain.body.text()], [200, 'ok'])
    if (address === '::') t.equal(verdict(await server.review(userToken())), true, 'over IPv4 too')
    const flags = [`--port=${server.port}`, `--state-dir=${server.folder}`, `--address=${address}`]
    const status = await runCommand(['status', ...flags, '-o', 'json'], {
      environment: minimalEnvironment(server.folder),
    })
    t.match(status, { code: 0, stderr: '' })
    t.match(JSON.parse(status.stdout), { clusterId: 'k8s.local' })
    const text = await runCommand(['status', ...flags], { environment: minimalEnvironment(server.folder) })
    t.match(text, { code: 0, stdout: /^healthy: \d logins? in the last 5 min, 0 refused\n/ })
  })
}

t.test('a kubeconfig with insecure-skip-tls-verify is warned about once, and honoured', async (t) => {
  const aws = await startAws(t)
  const cluster = await startCluster(t)
  const kubeconfig = join(temporaryFolder(t), 'config')
  const text = readFileSync(cluster.kubeconfig, 'utf8')
  writeFileSync(kubeconfig, text.replace(/certificate-authority-data: .*/, 'insecure-skip-tls-verify: true'))
  const args = ['--backend-mode=EKSConfigMap', `--kubeconfig=${kubeconfig}`]
  const server = await startTestServer(t, { aws, args })
  await server.waitForLog(({ msg }) => String(msg).includes('insecure-skip-tls-verify'))
  const warnings = server.log().filter(({ msg }) => String(msg).includes('insecure-skip-tls-verify'))
  t.match(warnings, [{ level: 'warning', server: cluster.api.url }])
  t.equal(warnings.length, 1)
  t.ok(cluster.api.requests.length > 0, 'the API is asked')
  const trusting = await startTestServer(t, { aws, args: [args[0] ?? '', `--kubeconfig=${cluster.kubeconfig}`] })
  t.notMatch(trusting.output(), 'insecure', 'not without it')
})
