import { createHash } from 'node:crypto'
import { chmodSync, createReadStream, existsSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../e2e/harness/command.ts'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { inThrowAwayRoot, type Mount } from './throw-away-root.ts'

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
const EXECUTABLE = join(ROOT, 'dist/aws-iam-authenticator')

const ETC = {
  passwd: 'root:x:0:0:root:/root:/bin/bash\n',
  group: 'root:x:0:\n',
  shadow: 'root:*:19000:0:99999:7:::\n',
  gshadow: 'root:*::\n',
  'login.defs': '',
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
}

/** A control-plane node before anything runs on it: a root folder with the programs of this machine. */
export interface Node {
  readonly root: string
  /** The path on this machine for a path of the node. */
  path(path: string): string
  /** The URL of a folder with the built executable, which the node trusts. */
  readonly url: string
  /** The SHA-256 of the executable there. */
  readonly sha256: string
  /** Runs a script as root on the node. The mounts are visible beside its files. */
  run(script: string, mounts?: readonly Mount[]): Promise<RunResult>
  /** Runs the user data of deploy/kops with the built executable behind its URL. */
  runUserData(changes?: Readonly<Record<string, string>>): Promise<RunResult>
}

/** Sets variables that a shell script sets itself, each on its own line. */
function withSettings(script: string, settings: Readonly<Record<string, string>>): string {
  let text = script
  for (const [name, value] of Object.entries(settings)) {
    const line = new RegExp(`^${name}=.*$`, 'm')
    if (!line.test(text)) throw new Error(`the script sets no ${name}`)
    text = text.replace(line, () => `${name}=${value}`)
  }
  return text
}

/** Serves a file for every path, and returns the base URL. */
async function serveFile(
  t: { teardown(action: () => unknown): void },
  file: string,
  tls: ReturnType<typeof selfSignedPair>,
): Promise<string> {
  const server = createServer(tls, (_request, response) => createReadStream(file).pipe(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return `https://127.0.0.1:${address.port}`
}

/** Creates a node, which is removed at the end of the test. */
export async function startNode(t: { teardown(action: () => unknown): void }): Promise<Node> {
  const folder = temporaryFolder(t)
  const [root, localBin] = [join(folder, 'root'), join(folder, 'local-bin')]
  for (const each of ['etc', 'var/log', 'srv', 'tmp', 'root']) mkdirSync(join(root, each), { recursive: true })
  mkdirSync(localBin)
  // Users other than root can reach the files that they may read.
  chmodSync(folder, 0o755)
  for (const [name, text] of Object.entries(ETC)) writeFileSync(join(root, 'etc', name), text)
  if (existsSync('/etc/ld.so.cache')) copyFileSync('/etc/ld.so.cache', join(root, 'etc/ld.so.cache'))
  // The only authority that the node trusts is the bucket's.
  const tls = selfSignedPair('bucket')
  mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true })
  writeFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), tls.cert)
  const url = await serveFile(t, EXECUTABLE, tls)
  const sha256 = createHash('sha256').update(readFileSync(EXECUTABLE)).digest('hex')
  const run: Node['run'] = async (script, mounts = []) => {
    writeFileSync(join(root, 'script.sh'), script, { mode: 0o755 })
    const [program, ...args] = inThrowAwayRoot({
      root,
      readOnly: false,
      mounts: [{ from: localBin, to: '/usr/local/bin', readOnly: false }, ...mounts],
      program: ['/script.sh'],
    })
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
    return runBinary(program, args, { env, cwd: root })
  }
  return {
    root,
    path: (path) => (path.startsWith('/usr/local/bin/') ? join(localBin, path.slice(15)) : join(root, path)),
    url,
    sha256,
    run,
    runUserData: async (changes = {}) => {
      const settings = { base_url: url, [`sha256_${process.arch === 'x64' ? 'amd64' : 'arm64'}`]: sha256, ...changes }
      return run(withSettings(readFileSync(join(ROOT, 'deploy/kops/user-data.sh'), 'utf8'), settings))
    },
  }
}
