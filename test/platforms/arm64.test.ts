import t from 'tap'
import { identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { startTestServer } from '../e2e/harness/server.ts'
import { CONFIGURATION, testCommands } from './harness/commands.ts'
import { cannotRunArm64, startArm64 } from './harness/qemu.ts'

// Emulation is slow: the default limit is 300 s.
t.setTimeout(900_000)

await t.test('the executable for Linux on arm64', { skip: cannotRunArm64 }, async (t) => {
  const machine = startArm64(t)
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  // This server is the executable for arm64 too.
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION, command: machine.command })
  await testCommands(t, { machine, aws, server })
  t.equal((await server.stop()).code, 0)
})
