import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { startTestServer } from '../e2e/harness/server.ts'
import { noAlpine, startAlpine } from './harness/alpine.ts'
import { CONFIGURATION, testCommands } from './harness/commands.ts'

await t.test('the executable and the package for Alpine', { skip: noAlpine }, async (t) => {
  const alpine = await startAlpine(t)

  await t.test('without libstdc++ the loader names the library', async (t) => {
    const args = [`--root=${alpine.root}`, alpine.copyExecutable(), 'version']
    const { code, stderr } = await runBinary('unshare', args, { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
    t.equal(code, 127)
    t.match(stderr, /^Error loading shared library libstdc\+\+\.so\.6: No such file or directory /)
  })

  await t.test('the package is not installed without libstdc++', (t) => {
    const { code, output } = alpine.install()
    t.equal(code, 1)
    t.match(output, 'nothing provides "libstdc++"')
    t.notOk(existsSync(join(alpine.root, 'usr/bin/aws-iam-authenticator')))
    t.end()
  })

  await t.test('the package brings libstdc++', (t) => {
    alpine.addLibraries()
    const { code, output } = alpine.install()
    t.equal(code, 0, output)
    t.match(output, /^libstdc\+\+ 9\.3\.0$/m)
    t.match(output, /^aws-iam-authenticator \d+\.\d+\.\d+$/m)
    t.ok(existsSync(join(alpine.root, 'usr/share/man/man1/aws-iam-authenticator-token.1.gz')))
    t.end()
  })

  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  await testCommands(t, { machine: alpine.machine, aws, server })
})
