import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isRecord, property } from '@aws-iam-authenticator/core/untrusted'
import t, { type Test } from 'tap'
import { ROOT } from '../docs/documents.ts'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { freePort } from '../e2e/harness/server.ts'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { cannotStart } from '../image/requirements.ts'
import { startContainer } from './container.ts'

/** Network settings that package managers may need; nothing of AWS. */
const NETWORK = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    /^(?:https?_proxy|no_proxy)$/i.test(name) && value !== undefined ? [[name, value]] : [],
  ),
)

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/root', ...NETWORK }
  const { code, stdout, stderr } = await runBinary(program, args, { cwd: ROOT, env })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** Every file below a folder, as `path mode`. */
function files(root: string, folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return files(root, path)
    return [`${relative(root, path)} ${(statSync(path).mode & 0o7777).toString(8)}`]
  })
}

interface Image {
  readonly config: unknown
  /** Its files, in a local folder. */
  readonly root: string
  /** Runs the entry point with these arguments, and returns its output. */
  readonly start: (...args: readonly string[]) => Promise<string>
}

/** Builds the image without a daemon, from the files of Debian packages. */
async function buildImage(t: Test): Promise<Image> {
  const folder = temporaryFolder(t)
  const buildah = (...args: readonly string[]): Promise<string> => {
    const storage = ['--storage-driver=vfs', `--root=${folder}/storage`, `--runroot=${folder}/run`]
    return run('buildah', ...storage, ...args)
  }
  await run(join(ROOT, 'deploy/image/rootfs.sh'), join(folder, 'files/rootfs'))
  const containerfile = join(ROOT, 'deploy/image/Containerfile')
  const context = `--build-context=files=${join(folder, 'files')}`
  await buildah('build', '--isolation=chroot', context, `--file=${containerfile}`, '--tag=image', ROOT)
  const image: unknown = JSON.parse(await buildah('inspect', '--type=image', 'image'))
  const container = await buildah('from', 'image')
  const root = await buildah('mount', container)
  t.teardown(() => buildah('umount', container))
  return {
    config: property(property(image, 'OCIv1'), 'config'),
    root,
    start: (...args) => buildah('run', '--isolation=chroot', container, '--', '/aws-iam-authenticator', ...args),
  }
}

t.test('the image', { skip: cannotStart, timeout: 180_000 }, async (t) => {
  const { config, root, start } = await buildImage(t)
  t.match(config, { User: '10000:10000', Entrypoint: ['/aws-iam-authenticator'] })
  t.equal(property(config, 'Cmd'), undefined)
  t.match(String(property(config, 'Env')), /,BUN_JSC_forceRAMSize=\d+,/)

  t.test('contains the executable, the C library, the authorities and a user, and no shell', async (t) => {
    const library = process.arch === 'arm64' ? 'lib/aarch64-linux-gnu' : 'lib/x86_64-linux-gnu'
    const loader = process.arch === 'arm64' ? 'lib/ld-linux-aarch64.so.1' : 'lib64/ld-linux-x86-64.so.2'
    t.same(files(root).sort(), [
      'aws-iam-authenticator 755',
      'etc/group 644',
      'etc/nsswitch.conf 644',
      'etc/passwd 644',
      'etc/ssl/certs/ca-certificates.crt 644',
      ...[
        `${library}/libc.so.6 755`,
        `${library}/libdl.so.2 644`,
        `${library}/libm.so.6 644`,
        `${library}/libpthread.so.0 644`,
        `${loader} 755`,
      ].sort(),
      'usr/share/doc/ca-certificates/copyright 644',
      'usr/share/doc/libc6/copyright 644',
    ])
    t.ok(
      readFileSync(join(root, 'aws-iam-authenticator')).equals(readFileSync(join(ROOT, 'dist/aws-iam-authenticator'))),
    )
    t.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), /^aws-iam-authenticator:x:10000:10000:[^\n]*\n$/)
    const authorities = readFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), 'utf8')
    t.ok((authorities.match(/BEGIN CERTIFICATE/g) ?? []).length > 100)
  })

  t.test('starts with the command', async (t) => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const version = isRecord(manifest) ? String(manifest['version']) : ''
    t.equal(await start('version', '--short'), version)
  })

  t.test('runs as in the pod: uid 10000, a read-only root, only the mounts', async (t) => {
    const node = temporaryFolder(t)
    for (const folder of ['state', 'config']) mkdirSync(join(node, folder), { mode: 0o700 })
    const port = await freePort()
    writeFileSync(join(node, 'config/config.yaml'), `clusterID: k8s.local\nserver:\n  port: ${port}\n`)
    await run('sh', '-c', `cd ${node}/state && ${ROOT}/dist/aws-iam-authenticator init -i k8s.local`)
    for (const file of ['state', 'state/cert.pem', 'state/key.pem', 'config', 'config/config.yaml']) {
      chownSync(join(node, file), 10000, 10000)
    }
    const container = await startContainer(t, {
      root,
      mounts: { '/var/aws-iam-authenticator': join(node, 'state'), '/etc/aws-iam-authenticator': join(node, 'config') },
      args: [
        'server',
        '--config=/etc/aws-iam-authenticator/config.yaml',
        '--state-dir=/var/aws-iam-authenticator',
        '--kubeconfig-pregenerated=true',
      ],
      ready: 'listening',
    })
    const status = readFileSync(`/proc/${container.pid}/status`, 'utf8')
    t.match(status, /^Uid:\s+10000\s+10000\s+10000\s+10000$/m)
    t.match(status, /^CapEff:\s+0+$/m)
    t.match(status, /^NoNewPrivs:\s+1$/m)
    t.equal(await container.get(`https://localhost:${port}/healthz`, join(node, 'state/cert.pem')), 'ok')
    t.same(await container.stop(), { code: 0 }, container.output())
  })
})
