import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { KEYS_PROFILE, personAtHome, runToken, tokenOf } from '../e2e/harness/token.ts'
import { urlOf } from '../e2e/harness/presigned.ts'
import { identities, ROLE_ARN, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

t.test('init creates only the folders of its files', async (t) => {
  const folder = temporaryFolder(t)
  const work = join(folder, 'work')
  mkdirSync(work)
  const configuration = [
    'clusterID: k8s.local',
    'server:',
    `  stateDir: ${folder}/state`,
    `  generateKubeconfig: ${folder}/output/kubeconfig.yaml`,
    '  backendMode: [DynamicFile]',
    `  dynamicfilepath: ${folder}/dynamic/map.json`,
  ]
  writeFileSync(join(folder, 'config.yaml'), `${configuration.join('\n')}\n`)
  const { code } = await runCommand(['init', '-c', '../config.yaml'], {
    cwd: work,
    environment: minimalEnvironment(folder),
  })
  t.equal(code, 0)
  t.same(readdirSync(folder).sort(), ['config.yaml', 'work'])
  t.same(readdirSync(work).sort(), ['aws-iam-authenticator.kubeconfig', 'cert.pem', 'key.pem'])
})

t.test('every log level has its name, and warning has an older one', async (t) => {
  const environment = minimalEnvironment(temporaryFolder(t))
  for (const level of ['panic', 'fatal', 'error', 'warning', 'warn', 'info', 'debug', 'trace']) {
    t.match(await runCommand(['version', '-s', '-v', level], { environment }), { code: 0, stderr: '' }, level)
  }
})

t.test('arguments that are not flags are ignored', async (t) => {
  const folder = temporaryFolder(t)
  const options = { cwd: folder, environment: minimalEnvironment(folder) }
  for (const args of [
    ['version', 'more', '-s', ''],
    ['init', '', '-i', 'k8s.local', 'words'],
    ['completion', 'bash', 'more'],
    ['cache', 'clear', 'more'],
  ]) {
    t.equal((await runCommand(args, options)).code, 0, args.join(' '))
  }
  const verified = await runCommand(['verify', 'more', '-i', 'k8s.local', '-t', 'x'], options)
  t.match(verified, { code: 1, stderr: /^could not verify token: input token was not properly formatted/ })
})

t.test('the STS endpoint of the profile is used for calls made here, and the token names the real host', async (t) => {
  const endpoint = 'https://sts-fips.eu-west-1.amazonaws.com'
  const services = `services = private\n[services private]\nsts =\n  endpoint_url = ${endpoint}\n`
  for (const [what, more] of Object.entries({ endpoint_url: `endpoint_url = ${endpoint}\n`, services })) {
    const aws = await startSandboxAws({ identities, roles })
    t.teardown(() => aws.close())
    const files = { '.aws/config': `${KEYS_PROFILE}${more}` }
    const person = personAtHome(t, files, aws.environment, { AWS_PROFILE: 'keys' })
    const token = tokenOf(t, await runToken(['-r', ROLE_ARN], person), what)
    t.match(aws.proxyRequests, [{ host: 'sts-fips.eu-west-1.amazonaws.com' }], what)
    t.equal(new URL(urlOf(token.trim())).host, 'sts.eu-west-1.amazonaws.com', what)
  }
})

t.test('the image starts the command as a non-root user', async (t) => {
  const containerfile = readFileSync(join(ROOT, 'deploy/image/Containerfile'), 'utf8')
  t.match(containerfile, /^ENTRYPOINT \["\/aws-iam-authenticator"\]$/m)
  t.match(containerfile, /^USER 10000:10000$/m)
})
