import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { identities, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { commit, version } from '../../scripts/build/bundle.ts'
import { containerCommand } from '../deploy/container.ts'
import { runCommand, type Environment, type Finished } from '../e2e/harness/command.ts'
import { logIn, valueAt } from '../e2e/harness/logins.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { CONFIGURATION } from '../platforms/harness/commands.ts'
import { items, type Archive, type StoredImage } from './archive.ts'
import { missingPrograms } from './requirements.ts'

/** Debian's programs that run executables for another processor. */
const EMULATORS: ReadonlyMap<string, string> = new Map([
  ['amd64', '/usr/bin/qemu-x86_64-static'],
  ['arm64', '/usr/bin/qemu-aarch64-static'],
])

/** The variables that a container runtime takes from the image. */
function environmentOf({ config }: StoredImage): Environment {
  const entries = items(valueAt(config, 'config', 'Env')).map((line) => {
    const [name = '', value = ''] = String(line).split('=')
    return [name, value] as const
  })
  return Object.fromEntries(entries)
}

/** A folder of a file system in memory, for the user of the image. */
function memoryFolder(t: Test): string {
  const folder = mkdtempSync('/dev/shm/authenticator-')
  t.teardown(() => rmSync(folder, { recursive: true }))
  chownSync(folder, 10000, 10000)
  return folder
}

/** Unpacks the layers of an image into a root folder. */
function unpack(t: Test, archive: Archive, { layers }: StoredImage): string {
  const root = t.testdir()
  for (const layer of layers) {
    execFileSync('tar', ['-xzf', archive.path(layer), '--numeric-owner', '--preserve-permissions', '-C', root])
  }
  chmodSync(root, 0o755)
  return root
}

/** Returns the emulator that the image needs on this machine. */
function emulatorOf({ architecture }: StoredImage): { readonly emulator?: string } {
  if (architecture === (process.arch === 'arm64' ? 'arm64' : 'amd64')) return {}
  return { emulator: EMULATORS.get(architecture) ?? '' }
}

/** The reason why an image can't run here; false if it does. */
export function cannotEmulate(image: StoredImage): string | false {
  const { emulator } = emulatorOf(image)
  return emulator !== undefined && missingPrograms({ [emulator]: 'qemu-user-static' })
}

/** Runs an image as its user with a read-only root: `version`, `init` into a folder in memory, and logins through `server`. */
export async function testRuns(t: Test, archive: Archive, image: StoredImage): Promise<void> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const state = memoryFolder(t)
  const authorities = aws.environment.SSL_CERT_FILE
  const command = containerCommand({
    root: unpack(t, archive, image),
    // At the same paths, since the flags of the server have them.
    mounts: [
      { path: state, source: state, isWritable: true },
      { path: authorities, source: authorities },
    ],
    ...emulatorOf(image),
  })
  const environment = environmentOf(image)
  const run = (...args: readonly string[]): Promise<Finished> => runCommand(args, { command, environment })

  const printed = await run('version', '-o', 'json')
  t.same({ code: printed.code, stderr: printed.stderr }, { code: 0, stderr: '' })
  t.same(JSON.parse(printed.stdout), { Version: version(), Commit: commit() })

  const refused = await run('init', '-i', 'k8s.local')
  t.equal(refused.code, 1)
  t.match(refused.stderr, /read-only file system/i, 'the working directory is the root, which is read-only')

  writeFileSync(join(state, 'config.yaml'), CONFIGURATION)
  mkdirSync(join(state, 'kubeconfig'))
  chownSync(join(state, 'kubeconfig'), 10000, 10000)
  const flags = ['--feature-gates=ConfiguredInitDirectories=true', `--config=${join(state, 'init.yaml')}`]
  const places = `server:\n  stateDir: ${state}\n  generateKubeconfig: ${state}/kubeconfig/kubeconfig.yaml\n`
  writeFileSync(join(state, 'init.yaml'), `clusterID: k8s.local\n${places}`)
  const made = await run('init', ...flags)
  t.equal(made.code, 0, made.stderr)
  t.ok(readdirSync(state).includes('key.pem'))
  t.same(readdirSync(join(state, 'kubeconfig')), ['kubeconfig.yaml'])

  const server = await startTestServer(t, { aws, folder: state, configuration: CONFIGURATION, command, environment })
  const keys = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey, AWS_REGION: 'eu-west-1' }
  const token = await runCommand(['token', '-i', 'k8s.local', '--token-only'], {
    command,
    environment: { ...environment, ...keys },
  })
  t.equal(token.code, 0, token.stderr)
  t.equal(await logIn(server, token.stdout.trim()), 'alice')
  t.equal(await logIn(server, `${token.stdout.trim()}x`), 'refused')
  t.equal((await server.stop()).code, 0)
}
