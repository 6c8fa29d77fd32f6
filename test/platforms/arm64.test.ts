import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commit, version } from '../../scripts/build/bundle.ts'
import { identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { installArch, installDeb, installRpm, missing, noPackages, notRoot } from '../release/package-tools.ts'
import { CONFIGURATION, testCommands } from './harness/commands.ts'
import { cannotRunArm64, onArm64, startArm64 } from './harness/qemu.ts'

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

  for (const [program, suffix, install] of [
    ['dpkg', '_arm64.deb', installDeb],
    ['rpm', '.aarch64.rpm', installRpm],
    ['pacman', '-aarch64.pkg.tar.zst', installArch],
  ] as const) {
    const skip = noPackages || notRoot || missing(program)
    await t.test(`${program} installs the package`, { skip }, async (t) => {
      const root = temporaryFolder(t)
      const name = readdirSync(machine.release).find((file) => file.endsWith(suffix)) ?? ''
      install(join(machine.release, name), root, 'aarch64')
      const command = onArm64(join(root, 'usr/bin/aws-iam-authenticator'))
      const environment = minimalEnvironment(root)
      const { code, stdout } = await runCommand(['version', '-o', 'json'], { command, cwd: root, environment })
      t.equal(code, 0)
      t.same(JSON.parse(stdout), { Version: version(), Commit: commit() })
    })
  }
})
