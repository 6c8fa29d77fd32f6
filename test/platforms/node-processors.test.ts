import { readFileSync, writeFileSync } from 'node:fs'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { commit, version } from '../../scripts/build/bundle.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { logIn } from '../e2e/harness/logins.ts'
import { USER_KEYS } from '../e2e/harness/person.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { CLUSTER_ID } from '../e2e/harness/token.ts'
import { CONFIGURATION, TOKEN } from './harness/commands.ts'
import { cannotRun, commandOn, PROCESSORS } from './harness/node-processors.ts'

// Emulation is slow: the default limit is 300 s.
t.setTimeout(900_000)

const { s390x, ppc64le } = PROCESSORS
const skip = cannotRun(s390x) || cannotRun(ppc64le)

await t.test('the bundle on Node.js for s390x, big-endian, and ppc64le', { skip }, async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })

  for (const [name, processor] of Object.entries(PROCESSORS)) {
    await t.test(name, async (t) => {
      const home = temporaryFolder(t)
      const environment = { ...minimalEnvironment(home), ...USER_KEYS, AWS_REGION: 'eu-west-1' }
      const command = commandOn(processor)
      const run = async (...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await runCommand(args, { command, cwd: home, environment })
        t.equal(code, 0, `${args.join(' ')}: ${stderr}`)
        return stdout
      }
      t.same(JSON.parse(await run('version', '-o', 'json')), { Version: version(), Commit: commit() })
      t.equal(await logIn(server, (await run(...TOKEN)).trim()), 'alice')
      // Emulation is slow, and the byte order matters most for keys.
      if (processor !== s390x) return
      // The prime numbers of an RSA key take minutes under qemu.
      await run('init', '-i', CLUSTER_ID, '--key-type=ecdsa')
      const certificate = new X509Certificate(readFileSync(join(home, 'cert.pem')))
      t.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(join(home, 'key.pem')))))
      writeFileSync(join(home, 'config.yaml'), CONFIGURATION)
      t.match(await run('lint', 'config.yaml'), /^1 file checked: /)
    })
  }
  t.equal((await server.stop()).code, 0)
})
